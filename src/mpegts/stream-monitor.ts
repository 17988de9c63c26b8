import { AccessUnitStart } from "./access-unit-start.ts";
import type { DecoderInput } from "./decoder-input.ts";
import { DtsTrack } from "./dts-track.ts";
import type { Findings } from "./findings.ts";
import type { PcrMonitor } from "./pcr-monitor.ts";
import { PesHeaderReader } from "./pes-header.ts";
import { Repetition } from "./repetition.ts";
import type { StreamKind } from "./stream-kind.ts";

/** Longest time between PTS of a stream (ETSI TR 101 290 2.5). */
const PTS_LIMIT_MS = 700;
/** How far PTS may run ahead of the PCR (ISO/IEC 13818-1 2.4.2.6: one second in the decoder's buffers). */
const MAX_LEAD_MS = 1000;

/** Follows one elementary stream: timestamps against their own step and the PCR, and random access points. */
export class StreamMonitor {
  readonly pid: number;
  kind: StreamKind;
  /** Where its packets go, when it is the programme's first video or audio and of a kind that is judged. */
  decoding: DecoderInput | undefined;
  readonly dts = new DtsTrack();
  readonly pts: Repetition;
  /** PES packets with a PTS, and such whose header makes no sense. */
  pes = 0;
  badPes = 0;
  late = 0;
  minDtsLeadMs = Number.POSITIVE_INFINITY;
  minPtsLeadMs = Number.POSITIVE_INFINITY;
  maxPtsLeadMs = Number.NEGATIVE_INFINITY;
  /** Access units with random_access_indicator, the longest time between two, and those not fit for a start. */
  keys = 0;
  maxKeyGapMs = 0;
  badKeys = 0;
  /** What the first access unit began with (H.264 only): true when decoding can begin there. */
  startsWithKey: boolean | undefined;
  readonly #findings: Findings;
  readonly #clock: PcrMonitor;
  readonly #header = new PesHeaderReader();
  readonly #unit = new AccessUnitStart();
  #scanning = false;
  #isKey = false;
  #lastKeyMs = 0;

  constructor(pid: number, kind: StreamKind, findings: Findings, clock: PcrMonitor) {
    this.pid = pid;
    this.kind = kind;
    this.#findings = findings;
    this.#clock = clock;
    this.pts = new Repetition(PTS_LIMIT_MS, (waitedMs) =>
      findings.add(
        "pts",
        () => `${this.name}: no PTS for ${waitedMs.toFixed(0)} ms; at most 700 ms are allowed.`,
      ),
    );
  }

  /** Name in reports, such as "h264@256". */
  get name(): string {
    return `${this.kind.name}@${this.pid}`;
  }

  /** Takes the payload `bytes[from … to)` of the packet at `position`. */
  push(
    bytes: Uint8Array,
    from: number,
    to: number,
    start: boolean,
    randomAccess: boolean,
    position: number,
  ): void {
    if (start) this.#begin(randomAccess);
    let data = from;
    let dts = Number.NaN;
    if (this.#header.state === "reading") {
      data = this.#header.push(bytes, from, to);
      if (this.#header.state !== "reading") {
        this.#onHeader();
        if (this.#header.pts >= 0) dts = this.#clock.ticksOf(this.#header.dts);
      }
    }
    if (this.#header.state !== "reading") this.#scan(bytes, data, to);
    this.decoding?.push(position, bytes, from, data, to, dts);
  }

  /** A signalled break of the time base: the next timestamps are not compared with the last ones. */
  forget(): void {
    this.dts.forget();
  }

  #begin(randomAccess: boolean): void {
    if (this.#header.state === "reading") this.#malformed("ended within its header");
    if (this.#scanning) this.#onUnitStart();
    this.#isKey = randomAccess;
    this.#header.begin();
  }

  #onHeader(): void {
    if (this.#header.state === "malformed") {
      this.#malformed("has no valid header");
      return;
    }
    const isFirst = this.startsWithKey === undefined;
    if (this.kind.name === "h264" && (isFirst || this.#isKey)) {
      this.#scanning = true;
      this.#unit.begin();
    }
    if (this.#header.pts < 0) return;
    this.pes += 1;
    this.pts.seen(this.#clock.streamMs);
    if (this.#isKey) this.#onKey();
    this.#judgeStep(this.#header.dts);
    this.#judgeLead(this.#header.pts, this.#header.dts);
  }

  #malformed(fault: string): void {
    this.badPes += 1;
    this.#findings.add("pes_header", () => `${this.name}: a PES packet ${fault}.`);
  }

  #onKey(): void {
    const nowMs = this.#clock.streamMs;
    if (this.keys > 0) this.maxKeyGapMs = Math.max(this.maxKeyGapMs, nowMs - this.#lastKeyMs);
    this.keys += 1;
    this.#lastKeyMs = nowMs;
  }

  #judgeStep(dts: number): void {
    const outcome = this.dts.push(dts);
    if (outcome === "ok") return;
    this.#findings.add(`dts_${outcome}`, () => {
      const fault = { backward: "does not rise", gap: "leaves a gap", overlap: "overlaps" }[outcome];
      return `${this.name}: DTS ${fault}, it steps by ${(this.dts.lastStep / 90).toFixed(1)} ms.`;
    });
  }

  #judgeLead(pts: number, dts: number): void {
    const dtsLeadMs = this.#clock.leadMs(dts);
    if (Number.isNaN(dtsLeadMs)) return;
    const ptsLeadMs = this.#clock.leadMs(pts);
    this.minDtsLeadMs = Math.min(this.minDtsLeadMs, dtsLeadMs);
    this.minPtsLeadMs = Math.min(this.minPtsLeadMs, ptsLeadMs);
    this.maxPtsLeadMs = Math.max(this.maxPtsLeadMs, ptsLeadMs);
    if (dtsLeadMs < 0) {
      this.late += 1;
      this.#findings.add(
        "dts_late",
        () => `${this.name}: DTS is ${(-dtsLeadMs).toFixed(1)} ms behind the PCR.`,
      );
    }
    if (ptsLeadMs < 0 || ptsLeadMs > MAX_LEAD_MS) {
      this.#findings.add("pts_lead", () => `${this.name}: PTS minus PCR is ${ptsLeadMs.toFixed(1)} ms.`);
    }
  }

  #scan(bytes: Uint8Array, from: number, to: number): void {
    if (this.#scanning && this.#unit.push(bytes, from, to)) this.#onUnitStart();
  }

  /** The start of an access unit is known up to its first slice, or the unit has ended without one. */
  #onUnitStart(): void {
    this.#scanning = false;
    const isGood = this.#unit.isRandomAccess;
    const [profile, constraints, level] = this.#unit.level;
    if (this.#unit.sps) this.decoding?.setLevel(profile!, constraints!, level!);
    this.startsWithKey ??= isGood;
    if (!this.#isKey || isGood) return;
    this.badKeys += 1;
    this.#findings.add("random_access", () => {
      return `${this.name}: a random access point holds ${this.#unit.describe()} instead of AUD, SPS, PPS, IDR slice.`;
    });
  }
}
