import { AppError } from "../base/errors.ts";
import { type AudioConfig, parseAudioConfig } from "../codec/aac.ts";
import type { TimedGop } from "../media/timed-gop.ts";
import type { AudioQueue } from "./audio-queue.ts";
import { PacketWriter } from "./packet-writer.ts";
import { Pid, patPacket, pmtPacket, sdtPacket } from "./tables.ts";
import type { WireTimeline } from "./wire-timeline.ts";

/** Writes what a channel's programme consists of: its tables, its pictures and its sound, each with its times. */
export class ProgrammeWriter {
  readonly packets = new PacketWriter();
  readonly #timeline: WireTimeline;
  readonly #pat = patPacket();
  readonly #pmt = pmtPacket(0);
  readonly #sdt: Uint8Array;
  #audioConfig: AudioConfig | undefined;
  #audioConfigBytes: Uint8Array | undefined;

  constructor(timeline: WireTimeline, serviceName: string) {
    this.#timeline = timeline;
    this.#sdt = sdtPacket(serviceName, "EXStreamTV");
  }

  pat(): void {
    this.packets.table(Pid.pat, this.#pat);
  }

  pmt(): void {
    this.packets.table(Pid.pmt, this.#pmt);
  }

  sdt(): void {
    this.packets.table(Pid.sdt, this.#sdt);
  }

  /** Prepares picture `index` of a Gop; its packets may follow. */
  beginVideo({ gop, frame }: TimedGop, index: number): void {
    const pts = this.#timeline.pts(frame + gop.displayOrder[index]!);
    this.packets.beginVideo(gop, index, pts, this.#timeline.dts(frame + index));
  }

  /** Throws AppError `gop_contract` when the audio of a Gop is not AAC-LC: to be asked before anything is written. */
  check({ gop }: TimedGop): void {
    this.#configOf(gop.parameters.audioConfig);
  }

  /** Prepares the next frame of the queue, which moves on; its packets may follow. */
  beginAudio(queue: AudioQueue): void {
    const config = this.#configOf(queue.config);
    this.packets.beginAudio(config, queue.data, this.#timeline.audioPts(queue.frame));
    queue.shift();
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
