import { AppError } from "../base/errors.ts";
import { ADTS_HEADER_BYTES, type AudioConfig, parseAudioConfig, SILENT_STEREO_FRAME } from "../codec/aac.ts";
import { frameCount } from "../media/gop.ts";
import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import { SILENCE, type TimedGop } from "../media/timed-gop.ts";
import {
  AUDIO_PES_HEADER_BYTES,
  accessUnitBytes,
  PacketWriter,
  packetsFor,
  VIDEO_PES_BYTES,
} from "./packet-writer.ts";
import { PACKET_BYTES, PCR_TICKS } from "./packets.ts";
import { Pid, patPacket, pmtPacket, sdtPacket } from "./tables.ts";
import type { WireGop } from "./wire-gop.ts";

/** How far the PCR runs behind the decoding times: what a decoder may hold, in 90 kHz ticks (0.7 s). */
export const DECODER_DELAY_TICKS = 63_000;
/** PCR at most this far apart; 40 ms is the aim, the frame rates around 25 need two a frame. */
const MAX_SLOT_MS = 39;
/** PAT and PMT at most this far apart (100 ms by ETSI TS 101 154, less one slot's rounding). */
const MAX_TABLE_MS = 90;

/** What a channel's Muxer needs to know beside the house format. */
export interface MuxerOptions {
  readonly format: HouseFormat;
  /** The channel's name, shown by players. */
  readonly serviceName: string;
  /** Decoding time of channel frame 0 in 90 kHz ticks; only the low 33 bits count. */
  readonly startTicks?: number;
}

/**
 * The one transport stream multiplexer of a channel, for its whole time on air (ISO/IEC 13818-1). Continuity
 * counters, PCR, PTS and DTS are functions of the channel's frame numbers and of the packets written before:
 * continuous by construction, whatever the sources did.
 */
export class Muxer {
  readonly #grid: FrameGrid;
  readonly #startTicks: number;
  readonly #reorderFrames: number;
  readonly #slotsPerFrame: number;
  readonly #slotsPerTables: number;
  readonly #pat = patPacket();
  readonly #pmt = pmtPacket(0);
  readonly #sdt: Uint8Array;
  readonly #writer = new PacketWriter();
  #audioConfig: AudioConfig | undefined;
  #audioConfigBytes: Uint8Array | undefined;

  constructor(options: MuxerOptions) {
    const { format } = options;
    this.#grid = new FrameGrid(format);
    this.#startTicks = options.startTicks ?? 0;
    this.#reorderFrames = format.reorderFrames;
    const frameMs = this.#grid.milliseconds(1);
    this.#slotsPerFrame = Math.ceil(frameMs / MAX_SLOT_MS);
    this.#slotsPerTables = Math.max(1, Math.floor(MAX_TABLE_MS / (frameMs / this.#slotsPerFrame)));
    this.#sdt = sdtPacket(options.serviceName, "EXStreamTV");
  }

  /** Writes one Gop as packets. Gops must come in the order of the timeline, each where the last one ended. */
  mux(timed: TimedGop): WireGop {
    const { gop } = timed;
    const config = this.#configOf(gop.parameters.audioConfig);
    const frames = frameCount(gop);
    const perFrame = this.#slotsPerFrame;
    const slotOffsets = new Uint32Array(frames * perFrame + 1);
    const writer = this.#writer;
    writer.begin(this.#measure(timed));
    let audio = 0;
    for (let frame = 0; frame < frames; frame++) {
      const dts = this.#startTicks + this.#grid.ticks(timed.frame + frame - this.#reorderFrames);
      const frameTicks = this.#grid.ticks(timed.frame + frame + 1) - this.#grid.ticks(timed.frame + frame);
      for (let part = 0; part < perFrame; part++) {
        const slot = frame * perFrame + part;
        slotOffsets[slot] = writer.position;
        const slotTicks = Math.round((part * frameTicks * PCR_TICKS) / perFrame);
        const pcr = (dts - DECODER_DELAY_TICKS) * PCR_TICKS + slotTicks;
        if (slot % this.#slotsPerTables === 0) {
          writer.table(Pid.pat, this.#pat);
          writer.table(Pid.pmt, this.#pmt);
        }
        if (part === 0) {
          const pts = this.#startTicks + this.#grid.ticks(timed.frame + gop.displayOrder[frame]!);
          writer.video(gop, frame, pts, dts, pcr);
          if (frame === 0) writer.table(Pid.sdt, this.#sdt);
        } else {
          writer.clockOnly(pcr);
        }
        const isLast = slot === frames * perFrame - 1;
        const slotEnd = this.#grid.ticks(timed.frame + frame) + ((part + 1) * frameTicks) / perFrame;
        while (audio < timed.audio.length) {
          const ticks = this.#grid.audioTicks(timed.audioFrame + audio);
          if (ticks >= slotEnd && !isLast) break;
          writer.audio(config, this.#audioFrame(timed, audio), this.#startTicks + ticks);
          audio++;
        }
      }
    }
    slotOffsets[frames * perFrame] = writer.position;
    return { bytes: writer.end(), frame: timed.frame, frames, slotsPerFrame: perFrame, slotOffsets };
  }

  #audioFrame(timed: TimedGop, slot: number): Uint8Array {
    const index = timed.audio[slot]!;
    if (index === SILENCE) return SILENT_STEREO_FRAME;
    const { data, offsets, sizes } = timed.gop.audio;
    return data.subarray(offsets[index]!, offsets[index]! + sizes[index]!);
  }

  /** Exact number of bytes that `mux` will write for a Gop. */
  #measure(timed: TimedGop): number {
    const { gop } = timed;
    const frames = frameCount(gop);
    const slots = frames * this.#slotsPerFrame;
    let packets = 2 * Math.ceil(slots / this.#slotsPerTables) + 1 + (slots - frames);
    for (let frame = 0; frame < frames; frame++) {
      packets += packetsFor(VIDEO_PES_BYTES + accessUnitBytes(gop, frame), true);
    }
    for (const index of timed.audio) {
      const bytes = index === SILENCE ? SILENT_STEREO_FRAME.length : gop.audio.sizes[index]!;
      packets += packetsFor(AUDIO_PES_HEADER_BYTES + ADTS_HEADER_BYTES + bytes, false);
    }
    return packets * PACKET_BYTES;
  }

  #configOf(bytes: Uint8Array): AudioConfig {
    if (bytes !== this.#audioConfigBytes || !this.#audioConfig) {
      this.#audioConfig = parseAudioConfig(bytes);
      this.#audioConfigBytes = bytes;
    }
    if (!this.#audioConfig) throw new AppError("gop_contract", "the audio of a Gop is not AAC-LC");
    return this.#audioConfig;
  }
}
