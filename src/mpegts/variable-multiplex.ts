import { frameCount } from "../media/gop.ts";
import type { TimedGop } from "../media/timed-gop.ts";
import type { MultiplexState } from "./multiplex-state.ts";
import { accessUnitBytes, packetsFor, VIDEO_PES_BYTES, videoFieldBytes } from "./packet-writer.ts";
import { PACKET_BYTES, PCR_TICKS } from "./packets.ts";
import type { ProgrammeWriter } from "./programme-writer.ts";
import type { VariableWireGop } from "./wire-gop.ts";
import type { WireTimeline } from "./wire-timeline.ts";

/**
 * PCR at most this far apart; 40 ms is the aim, of which two packets of tables may be lost where the rate becomes
 * constant. The frame rates around 25 need two a frame.
 */
const MAX_SLOT_MS = 34;
/** PAT and PMT at most this far apart (100 ms by ETSI TS 101 154, less one slot's rounding). */
const MAX_TABLE_MS = 90;
/** SDT with each piece and, in longer ones, this far apart (at most 2 s by ETSI TR 101 290 3.5). */
const SDT_MS = 1000;

/** Writes Gops at the media's own pace: everything as soon as its frame's time begins, and no stuffing. */
export class VariableMultiplex {
  readonly #timeline: WireTimeline;
  readonly #state: MultiplexState;
  readonly #writer: ProgrammeWriter;
  readonly #slotsPerFrame: number;
  readonly #slotsPerTables: number;
  readonly #slotsPerSdt: number;

  constructor(timeline: WireTimeline, state: MultiplexState, writer: ProgrammeWriter) {
    this.#timeline = timeline;
    this.#state = state;
    this.#writer = writer;
    const frameMs = timeline.grid.milliseconds(1);
    this.#slotsPerFrame = Math.ceil(frameMs / MAX_SLOT_MS);
    const slotMs = frameMs / this.#slotsPerFrame;
    this.#slotsPerTables = Math.max(1, Math.floor(MAX_TABLE_MS / slotMs));
    this.#slotsPerSdt = Math.ceil(SDT_MS / slotMs);
  }

  /** Writes one Gop; audio that still waits goes first. `followsConstant`: the piece before was at constant rate. */
  mux(timed: TimedGop, followsConstant: boolean): VariableWireGop {
    const state = this.#state;
    const writer = this.#writer;
    const { packets } = writer;
    const frames = frameCount(timed.gop);
    const perFrame = this.#slotsPerFrame;
    // After a constant rate the clock may be anywhere between two slots, which tables must not be late by.
    const perTables = Math.max(1, this.#slotsPerTables - (followsConstant ? 1 : 0));
    const slotOffsets = new Uint32Array(frames * perFrame + 1);
    state.audio.append(timed);
    state.mark();
    packets.begin(this.#measure(timed, perTables));
    for (let slot = 0; slot < frames * perFrame; slot++) {
      slotOffsets[slot] = packets.position;
      if (slot % perTables === 0) {
        writer.pat();
        writer.pmt();
      }
      const pcr = this.#clockOf(timed, slot);
      const isNews = pcr > state.lastPcr;
      if (slot % perFrame === 0) this.#writeVideo(timed, slot / perFrame, isNews ? pcr : undefined);
      else if (isNews) packets.clockOnly(pcr);
      if (isNews) state.lastPcr = pcr;
      if (slot % this.#slotsPerSdt === 0) writer.sdt();
      this.#writeAudio(timed, slot, slot === frames * perFrame - 1);
    }
    slotOffsets[frames * perFrame] = packets.position;
    return { bytes: packets.end(), frame: timed.frame, frames, slotsPerFrame: perFrame, slotOffsets };
  }

  #writeVideo(timed: TimedGop, index: number, pcr: number | undefined): void {
    const { videoMain } = this.#state;
    const { packets } = this.#writer;
    const bytes = VIDEO_PES_BYTES + accessUnitBytes(timed.gop, index);
    this.#state.advance(this.#timeline.clock(timed.frame + index));
    videoMain.begin(this.#timeline.dts(timed.frame + index) * PCR_TICKS, bytes);
    videoMain.fill(bytes);
    this.#writer.beginVideo(timed, index);
    for (let more = packets.videoPacket(pcr); more; ) more = packets.videoPacket();
  }

  /** Writes the audio that begins before the end of a slot, at the end of the piece all there is. */
  #writeAudio(timed: TimedGop, slot: number, isLast: boolean): void {
    const { audio, audioMain } = this.#state;
    const { grid } = this.#timeline;
    const { packets } = this.#writer;
    const frame = timed.frame + Math.floor(slot / this.#slotsPerFrame);
    const part = (slot % this.#slotsPerFrame) + 1;
    const frameTicks = grid.ticks(frame + 1) - grid.ticks(frame);
    const slotEnd = grid.ticks(frame) + (part * frameTicks) / this.#slotsPerFrame;
    while (!audio.isEmpty && (isLast || grid.audioTicks(audio.frame) < slotEnd)) {
      audioMain.begin(this.#timeline.audioPts(audio.frame) * PCR_TICKS, audio.pesBytes);
      audioMain.fill(audio.pesBytes);
      this.#state.lastAudio = this.#timeline.clock(frame);
      this.#writer.beginAudio(audio);
      while (packets.audioPacket());
    }
  }

  /** PCR with which a slot begins, in 27 MHz ticks. */
  #clockOf(timed: TimedGop, slot: number): number {
    const part = slot % this.#slotsPerFrame;
    const frame = timed.frame + Math.floor(slot / this.#slotsPerFrame);
    const start = this.#timeline.clock(frame);
    if (part === 0) return start;
    const { grid } = this.#timeline;
    const frameTicks = grid.ticks(frame + 1) - grid.ticks(frame);
    return start + Math.round((part * frameTicks * PCR_TICKS) / this.#slotsPerFrame);
  }

  /** Exact number of bytes that `mux` will write. */
  #measure(timed: TimedGop, perTables: number): number {
    const { audio, lastPcr } = this.#state;
    const slots = frameCount(timed.gop) * this.#slotsPerFrame;
    let packets = 2 * Math.ceil(slots / perTables) + Math.ceil(slots / this.#slotsPerSdt);
    for (let slot = 0; slot < slots; slot++) {
      const isNews = this.#clockOf(timed, slot) > lastPcr;
      if (slot % this.#slotsPerFrame === 0) {
        const index = slot / this.#slotsPerFrame;
        const bytes = VIDEO_PES_BYTES + accessUnitBytes(timed.gop, index);
        packets += packetsFor(bytes, videoFieldBytes(index, isNews));
      } else if (isNews) packets += 1;
    }
    for (; !audio.isEmpty; audio.shift()) packets += packetsFor(audio.pesBytes, 0);
    audio.reset();
    return packets * PACKET_BYTES;
  }
}
