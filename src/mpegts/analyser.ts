import { type AnalyserReport, buildReport } from "./analyser-report.ts";
import { type AnalyserState, SkewRange } from "./analyser-state.ts";
import { ArrivalMonitor } from "./arrival-monitor.ts";
import { ContinuityCounters } from "./continuity.ts";
import { DecoderInput } from "./decoder-input.ts";
import { Findings } from "./findings.ts";
import { PACKET_BYTES, PacketReader } from "./packet-reader.ts";
import { PcrMonitor, readPcr } from "./pcr-monitor.ts";
import { PidMonitor } from "./pid-monitor.ts";
import { PsiMonitor, ROLE } from "./psi-monitor.ts";
import type { Pmt } from "./psi-tables.ts";
import { StartMonitor } from "./start-monitor.ts";
import { streamKind } from "./stream-kind.ts";
import { StreamMonitor } from "./stream-monitor.ts";

const NULL_PID = 0x1fff;
const HEADER_BYTES = 4;
/**
 * A run of nothing but null packets is judged every so many, and only against a rate known over this time. A short
 * one may also be a rate that has just risen: so many packets come within 100 ms at 60 Mb/s.
 */
const NULL_RUN_STEP = 64;
const NULL_RUN_LEAST_BYTES = 4096 * PACKET_BYTES;
const NULL_RUN_LIMIT_MS = 1000;

/**
 * Judges a transport stream as a measuring instrument would (ETSI TR 101 290 priorities 1 and 2, and the
 * timeline that a decoder sees). Takes chunks of any size; memory stays the same however long the stream is.
 */
export class Analyser {
  readonly #state: AnalyserState;
  readonly #continuity = new ContinuityCounters();
  readonly #pids: PidMonitor;
  #pcrPid = -1;
  #nullRun = 0;

  constructor() {
    const findings = new Findings();
    const clock = new PcrMonitor(findings);
    const reader = new PacketReader({
      onPacket: (bytes, at, position) => this.#onPacket(bytes, at, position),
      onSyncByteError: (position) => {
        findings.byteOffset = position;
        findings.add("sync_byte", () => "A packet does not begin with 0x47.");
      },
      onSyncLoss: (position) => {
        findings.byteOffset = position;
        findings.add("sync_loss", () => "Two packets in a row do not begin with 0x47: the sync is lost.");
        clock.restart();
      },
    });
    this.#pids = new PidMonitor(findings);
    this.#state = {
      findings,
      reader,
      clock,
      psi: new PsiMonitor(findings, clock, (pmt) => this.#onProgramme(pmt)),
      start: new StartMonitor(),
      arrivals: new ArrivalMonitor(),
      skew: new SkewRange(),
      streams: new Map(),
      video: undefined,
      audio: undefined,
      decoding: { video: new DecoderInput(), audio: new DecoderInput() },
      packets: 0,
      nullPackets: 0,
      scrambledPackets: 0,
      duplicates: 0,
      discontinuityIndicators: 0,
    };
  }

  /** Packets so far. */
  get packets(): number {
    return this.#state.packets;
  }

  /** Bytes that belong to no packet. */
  get skippedBytes(): number {
    return this.#state.reader.skippedBytes;
  }

  /** Time that the stream's own clock has run, in ms. */
  get streamMs(): number {
    return this.#state.clock.streamMs;
  }

  /** Takes the next bytes of the stream; `arrivalMs` (any origin) is when they came, where that matters. */
  push(bytes: Uint8Array, arrivalMs?: number): void {
    if (arrivalMs !== undefined) this.#state.arrivals.push(arrivalMs);
    this.#state.reader.push(bytes);
  }

  /** What is known up to now; the analysis may go on afterwards. */
  report(): AnalyserReport {
    return buildReport(this.#state);
  }

  #onPacket(bytes: Uint8Array, at: number, position: number): void {
    const state = this.#state;
    const { findings, psi } = state;
    findings.packet = state.packets;
    findings.byteOffset = position;
    state.packets += 1;

    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    const start = (bytes[at + 1]! & 0x40) !== 0;
    const hasPayload = (bytes[at + 3]! & 0x10) !== 0;
    if (!state.start.decided) state.start.push(pid, hasPayload, psi.pmtPid, state.video?.pid ?? -1, start);
    if ((bytes[at + 1]! & 0x80) !== 0) {
      this.#continuity.accept(bytes, at, pid); // nothing more is concluded from it (TR 101 290 2.1)
      this.#onDamaged(pid);
    } else if (pid === NULL_PID) {
      this.#onNullPacket();
    } else {
      this.#nullRun = 0;
      const flags = (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! > 0 ? bytes[at + 5]! : 0;
      if (flags !== 0) this.#onAdaptationFlags(pid, flags, bytes, at, position);
      this.#onIntactPacket(pid, flags, bytes, at, start, position);
    }
  }

  /** `flags`: the second byte of the adaptation field, 0 without one (ISO/IEC 13818-1 2.4.3.5). */
  #onIntactPacket(
    pid: number,
    flags: number,
    bytes: Uint8Array,
    at: number,
    start: boolean,
    position: number,
  ): void {
    const { psi, clock } = this.#state;
    const role = psi.roles[pid]!;
    this.#pids.seen(pid, role, clock.streamMs);
    const last = this.#continuity.last(pid);
    const continuity = this.#continuity.check(bytes, at, pid, (flags & 0x80) !== 0);
    if (continuity === "error") this.#onContinuityError(pid, last, bytes[at + 3]! & 15);
    if ((bytes[at + 3]! & 0xc0) !== 0) {
      this.#state.scrambledPackets += 1;
      if (role === ROLE.sections) psi.onScrambled(pid);
      return;
    }
    if (continuity === "duplicate") {
      this.#state.duplicates += 1;
      return;
    }
    const hasAdaptation = (bytes[at + 3]! & 0x20) !== 0;
    const payload = at + HEADER_BYTES + (hasAdaptation ? 1 + bytes[at + 4]! : 0);
    const end = at + PACKET_BYTES;
    if ((bytes[at + 3]! & 0x10) === 0 || payload >= end) {
      if (role === ROLE.stream)
        this.#state.streams.get(pid)?.decoding?.push(position, bytes, end, end, end, Number.NaN);
      return;
    }
    if (role === ROLE.stream)
      this.#onStreamPayload(pid, bytes, payload, end, start, (flags & 0x40) !== 0, position);
    else if (role === ROLE.sections) psi.push(pid, bytes, payload, end, start);
  }

  #onAdaptationFlags(pid: number, flags: number, bytes: Uint8Array, at: number, position: number): void {
    const restart = (flags & 0x80) !== 0;
    if (restart) this.#state.discontinuityIndicators += 1;
    if ((flags & 0x10) !== 0 && bytes[at + 4]! >= 7)
      this.#onPcr(pid, readPcr(bytes, at + 6), position, restart);
  }

  // The sentences stand apart: a closure in the functions above would cost an object per packet.
  #onDamaged(pid: number): void {
    const sentence = () => `A packet of PID ${pid} is marked as damaged (transport_error_indicator).`;
    this.#state.findings.add("transport", sentence);
  }

  #onContinuityError(pid: number, last: number, counter: number): void {
    const sentence = () => `PID ${pid}: continuity_counter ${counter} follows ${last}.`;
    this.#state.findings.add("continuity_count", sentence);
    this.#state.psi.reset(pid);
  }

  #onStreamPayload(
    pid: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    start: boolean,
    randomAccess: boolean,
    position: number,
  ): void {
    const { streams, video, audio, skew } = this.#state;
    const stream = streams.get(pid);
    stream?.push(bytes, from, to, start, randomAccess, position);
    if (start && video && audio && (stream === video || stream === audio)) {
      skew.push(audio.dts.last, video.dts.last);
    }
  }

  /** Until a PMT names the PCR_PID, the first PID that bears PCRs is taken for it. */
  #onPcr(pid: number, pcr: number, position: number, restart: boolean): void {
    const { clock, findings, psi, arrivals, streams, decoding } = this.#state;
    if (this.#pcrPid < 0) this.#pcrPid = pid;
    if (pid !== this.#pcrPid) return;
    if (restart) for (const stream of streams.values()) stream.forget();
    clock.push(pcr, position, restart);
    decoding.video.arrivals.onPcr(position, clock.streamTicks, clock.epoch);
    decoding.audio.arrivals.onPcr(position, clock.streamTicks, clock.epoch);
    const nowMs = clock.streamMs;
    findings.streamMs = nowMs;
    arrivals.onPcr(nowMs);
    psi.tick(nowMs);
    this.#pids.tick(nowMs, psi.roles);
    for (const stream of streams.values()) stream.pts.tick(nowMs);
  }

  #onProgramme(pmt: Pmt): void {
    const state = this.#state;
    const nowMs = state.clock.streamMs;
    if (pmt.pcrPid !== this.#pcrPid) state.clock.forget();
    this.#pcrPid = pmt.pcrPid;
    for (const stream of state.streams.values()) {
      stream.pts.pause();
      stream.decoding = undefined;
    }
    state.video = undefined;
    state.audio = undefined;
    const expected = [pmt.pcrPid, state.psi.pmtPid].filter((pid) => pid !== NULL_PID);
    for (const entry of pmt.streams) {
      const kind = streamKind(entry);
      if (kind.media === "sections") continue;
      const stream =
        state.streams.get(entry.pid) ?? new StreamMonitor(entry.pid, kind, state.findings, state.clock);
      stream.kind = kind;
      state.streams.set(entry.pid, stream);
      if (kind.media === "data") continue; // subtitles and the like may be silent for minutes
      if (kind.media === "video") state.video ??= stream;
      else state.audio ??= stream;
      stream.pts.expect(nowMs);
      expected.push(entry.pid);
    }
    this.#pids.expect(expected, nowMs);
    this.#linkDecoders();
  }

  #linkDecoders(): void {
    const { video, audio, decoding } = this.#state;
    if (video?.kind.name === "h264") {
      video.decoding = decoding.video;
      decoding.video.begin("h264");
    }
    if (audio?.kind.name === "aac") {
      audio.decoding = decoding.audio;
      decoding.audio.begin("aac");
    }
  }

  /** Stuffing alone keeps a connection busy, but no decoder alive: neither PCR nor PAT comes. */
  #onNullPacket(): void {
    const { clock, findings } = this.#state;
    this.#state.nullPackets += 1;
    this.#nullRun += 1;
    if (this.#nullRun % NULL_RUN_STEP !== 0 || clock.streamMs < NULL_RUN_LIMIT_MS) return;
    const limit = Math.max(NULL_RUN_LIMIT_MS * clock.bytesPerMs, NULL_RUN_LEAST_BYTES);
    const runBytes = this.#nullRun * PACKET_BYTES;
    if (runBytes <= limit || runBytes - NULL_RUN_STEP * PACKET_BYTES > limit) return;
    findings.add("pat", () => "Nothing but null packets, without PAT, for about a second at the mean rate.");
    findings.add("pcr_repetition", () => "Nothing but null packets, without PCR, for about a second.");
  }
}
