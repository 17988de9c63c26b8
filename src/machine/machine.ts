import { parseNames } from "../ffmpeg/requirements.ts";
import { runTool } from "../ffmpeg/run.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { SOFTWARE_ENCODER, VIDEO_ENCODERS, type VideoEncoderName } from "../media/video-encoders.ts";
import type { EncoderSurroundings } from "../source/open-encoder.ts";
import { type Capacity, measureCapacity } from "./capacity.ts";
import { type Knowledge, machineKey, readKnowledge, writeKnowledge } from "./knowledge.ts";
import { type Trial, tryEncoder } from "./trial.ts";

const LIST_MS = 30_000;
/** All trials at a start together: what is left of it decides how many encoders are tried. */
const START_TRIALS_MS = 8_000;

/** What a `Machine` works with. */
export interface MachineOptions {
  readonly dataFolder: string;
  readonly ffmpegVersion: string;
  readonly surroundings: EncoderSurroundings;
  readonly signal?: AbortSignal;
  /** Takes that what was found out cannot be kept; without it, that is thrown. */
  readonly onNotKept?: (failure: unknown) => void;
}

/** Which encoder the server uses, and what of the operator's wish could not be had. */
export interface EncoderDecision {
  readonly encoder: VideoEncoderName;
  /** Trials that did not work, of encoders that would have been preferred. */
  readonly refused: readonly Trial[];
}

/** What this machine can do, found by trying and kept in the data folder. */
export class Machine {
  /** Processor, ffmpeg and devices, for a person. */
  readonly key: string;
  readonly #options: MachineOptions;
  readonly #knowledge: Knowledge;

  private constructor(options: MachineOptions, key: string, knowledge: Knowledge) {
    this.#options = options;
    this.key = key;
    this.#knowledge = knowledge;
  }

  /** Reads what is kept. */
  static async open(options: MachineOptions): Promise<Machine> {
    const key = await machineKey(options.ffmpegVersion);
    return new Machine(options, key, await readKnowledge(options.dataFolder, key));
  }

  /**
   * The encoder to use. `auto` takes the first hardware encoder that works, a name that one if it works, and
   * else software. Trials that are not kept are made, within a few seconds; one that somebody names is tried
   * again when it did not work before.
   */
  async decide(wish: VideoEncoderName | "auto", format: HouseFormat): Promise<EncoderDecision> {
    if (wish === SOFTWARE_ENCODER) return { encoder: wish, refused: [] };
    const { clock } = this.#options.surroundings;
    const deadlineMs = clock.now() + START_TRIALS_MS;
    const refused: Trial[] = [];
    const candidates = wish === "auto" ? VIDEO_ENCODERS.filter((name) => name !== SOFTWARE_ENCODER) : [wish];
    for (const encoder of candidates) {
      if (clock.now() > deadlineMs) break;
      let trial = await this.trial(encoder, format);
      if (!trial.works && wish !== "auto") trial = await this.trial(encoder, format, true);
      if (trial.works) return { encoder, refused };
      refused.push(trial);
    }
    return { encoder: SOFTWARE_ENCODER, refused };
  }

  /** The kept trial of an encoder, or a new one. */
  async trial(encoder: VideoEncoderName, format: HouseFormat, again = false): Promise<Trial> {
    const key = formatKey(format);
    const others = (this.#knowledge.trials[key] ?? []).filter((each) => each.encoder !== encoder);
    const kept = this.#knowledge.trials[key]?.find((each) => each.encoder === encoder);
    if (kept && !again) return kept;
    const { surroundings, signal } = this.#options;
    const listed = await this.#listed();
    const trial = listed.has(encoder)
      ? await tryEncoder(encoder, format, surroundings, signal)
      : { encoder, works: false, reason: "this ffmpeg was built without it" };
    this.#knowledge.trials[key] = [...others, trial];
    await this.#keep();
    return trial;
  }

  /** What is known of how many channels the machine encodes. */
  capacity(encoder: VideoEncoderName, format: HouseFormat): Capacity | undefined {
    return this.#knowledge.capacities[`${encoder} ${formatKey(format)}`];
  }

  /** Measures how many channels the machine encodes, and keeps it. Throws what the encoder throws. */
  async measure(encoder: VideoEncoderName, format: HouseFormat, signal?: AbortSignal): Promise<Capacity> {
    const capacity = await measureCapacity(encoder, format, this.#options.surroundings, signal);
    this.#knowledge.capacities[`${encoder} ${formatKey(format)}`] = capacity;
    await this.#keep();
    return capacity;
  }

  async #listed(): Promise<Set<string>> {
    const { surroundings, signal } = this.#options;
    const { ffmpeg, clock } = surroundings;
    const args = ["-hide_banner", "-encoders"];
    const result = await runTool({ binary: ffmpeg, args, clock, timeoutMs: LIST_MS, signal });
    return parseNames(result.stdout.toString());
  }

  async #keep(): Promise<void> {
    const { dataFolder, onNotKept } = this.#options;
    try {
      await writeKnowledge(dataFolder, this.#knowledge);
    } catch (failure) {
      if (!onNotKept) throw failure;
      onNotKept(failure);
    }
  }
}

function formatKey(format: HouseFormat): string {
  const { width, height, fps, gopFrames, videoPeakBps } = format;
  return `${width}x${height} ${fps.num}/${fps.den} fps, groups of ${gopFrames}, ${videoPeakBps} bit/s`;
}
