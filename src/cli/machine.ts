import { type Capacity, describeCapacity } from "../machine/capacity.ts";
import type { Machine } from "../machine/machine.ts";
import type { Trial } from "../machine/trial.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { VIDEO_ENCODERS, type VideoEncoderName } from "../media/video-encoders.ts";

/** What a caller of `reportMachine` chooses. */
export interface MachineReportOptions {
  readonly wish: VideoEncoderName | "auto";
  readonly format: HouseFormat;
  /** Try and measure everything anew instead of showing what is kept. */
  readonly again: boolean;
  readonly signal?: AbortSignal;
  readonly write: (text: string) => void;
}

/** What a machine is asked: `Machine` answers it. */
export type MachineKnowledge = Pick<Machine, "key" | "trial" | "decide" | "capacity" | "measure">;

/**
 * Prints what this machine can do: its encoders, the one that the server uses, how many channels that encodes.
 * What is not known yet is found out. Throws what the encoder in use throws.
 */
export async function reportMachine(machine: MachineKnowledge, options: MachineReportOptions): Promise<void> {
  const { wish, format, again, signal, write } = options;
  write(`\n  ${machine.key}\n\n`);
  for (const encoder of VIDEO_ENCODERS) write(trialLine(await machine.trial(encoder, format, again)));
  const { encoder } = await machine.decide(wish, format);
  write(`\n  In use: ${encoder} (ffmpeg.encoder: ${wish})\n`);
  const known: Capacity | undefined = again ? undefined : machine.capacity(encoder, format);
  const capacity = known ?? (await machine.measure(encoder, format, signal));
  write(`  ${describeCapacity(capacity, format)} (all cores: ${capacity.speed} times real time)\n\n`);
}

function trialLine({ encoder, works, reason }: Trial): string {
  return `  ${encoder.padEnd(18)} ${works ? "works" : `does not work: ${reason}`}\n`;
}
