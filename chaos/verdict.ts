import { basename } from "node:path";
import type { Fault } from "./fault.ts";
import { type Seen, total } from "./measure.ts";
import type { Pictures, ScreenRun } from "./playbill.ts";
import type { Recording } from "./recorder.ts";
import type { Trial } from "./trial.ts";

/** Pictures that are on air belong there within one group of pictures. */
const PLACE_FRAMES = 30;
/** What a server may grow by during one fault. */
const MEMORY_MIB = 60;

/** What was measured of a fault. */
export interface Measured {
  readonly seen: Seen;
  readonly recordings: readonly Recording[];
  readonly left: { readonly processes: number; readonly files: readonly string[] };
  readonly memoryMib: { readonly before: number; readonly after: number };
}

/** Holds what was seen against what may be seen, and notes complaints. */
export function judge(fault: Fault, trial: Trial, measured: Measured): void {
  const { seen, recordings, left, memoryMib } = measured;
  judgeViewers(fault, trial, seen);
  for (const recording of recordings) judgePictures(fault, trial, recording);
  trial.expect(left.processes === 0, `${left.processes} processes were left behind`);
  trial.expect(left.files.length === 0, `files were left behind: ${left.files.join(", ")}`);
  const grownMib = memoryMib.after - memoryMib.before;
  trial.expect(grownMib < MEMORY_MIB, `the server grew by ${grownMib.toFixed(0)} MiB`);
  trial.expect(
    fault.expects.isSilent === true || trial.detectedAfterMs !== undefined,
    "the server never said that something was wrong",
  );
}

function judgeViewers(fault: Fault, trial: Trial, seen: Seen): void {
  trial.expect(seen.missing.length === 0, `without a connection: ${seen.missing.join("; ")}`);
  trial.expect(seen.errors === 0, `stream errors: ${JSON.stringify(seen.faults)}`);
  if (fault.expects.seen !== "cut")
    trial.expect(seen.disconnects === 0, `${seen.disconnects} viewers were cut off`);
}

function judgePictures(fault: Fault, trial: Trial, recording: Recording): void {
  const { seen, leaps: due = 0 } = fault.expects;
  const { channel, pictures, faults } = recording;
  const { screens, leaps, strays, ahead, frames } = pictures;
  const isConcerned = trial.concerned.size === 0 || trial.concerned.has(channel);
  const say = (text: string) => `channel ${channel}: ${text}`;
  trial.expect(total(faults) === 0, say(`stream errors: ${JSON.stringify(faults)}`));
  trial.expect(frames > 0, say("not one picture was recorded"));
  trial.expect(
    leaps.length === due && strays === 0,
    say(`pictures not in their place: leaps ${JSON.stringify(leaps.slice(0, 8))}, strays ${strays}`),
  );
  if (seen === "nothing" || !isConcerned) {
    trial.expect(screens.length === 0, say(`screens where none should be: ${told(screens)}`));
  } else if (screens.length > 0) {
    trial.notes.push(say(`screens: ${told(screens)}`));
  }
  if (ahead !== undefined) {
    trial.expect(Math.abs(ahead) <= PLACE_FRAMES, say(`${ahead} frames off the schedule`));
    trial.notes.push(say(`${ahead} frames from the schedule`));
  }
}

/** Pictures without a number where one was due. */
export function screenFrames({ screens, standIns }: Pictures): number {
  return screens.reduce((sum, { frames }) => sum + frames, standIns);
}

function told(screens: readonly ScreenRun[]): string {
  return screens
    .map(({ at, frames, file }) => `${frames} frames of ${basename(file)} from ${at} on`)
    .join("; ");
}
