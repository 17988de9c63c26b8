import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { basename, join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { SystemClock } from "../src/base/clock.ts";
import type { Random } from "../src/base/random.ts";
import { type Fault, NotTried } from "./fault.ts";
import type { Pictures, ScreenRun } from "./playbill.ts";
import type { Recording } from "./recorder.ts";
import type { FaultResult } from "./report.ts";
import { Trial } from "./trial.ts";
import type { Sighting } from "./viewers.ts";
import type { World } from "./world.ts";

const clock = new SystemClock();
/** Where reports are written, and what was recorded of faults whose requirements were not met. */
export const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const TUNE_MS = 30_000;
/** What is made waits so long in the lead, and a little longer until everybody has it. */
const LEAD_MS = 8_000;
const SETTLE_MS = 4_000;
const TIDY_MS = 15_000;
/** Pictures that are on air belong there within one group of pictures. */
const PLACE_FRAMES = 30;
const MEMORY_MIB = 60;
/** What is kept of the server's log where a requirement was not met. */
const LOG_CHARACTERS = 1_000_000;

/** Tries one fault on the world: measures before and after, and holds what was seen against what may be seen. */
export async function tryFault(
  fault: Fault,
  world: World,
  random: Random,
  lastingMs: number,
): Promise<FaultResult> {
  const trial = new Trial(world, random, lastingMs);
  const { recorder } = trial;
  await mkdir(RESULTS, { recursive: true });
  trial.expect(await world.settled(), "the channels had not recovered from what was before");
  const lag = monitorEventLoopDelay({ resolution: 20 });
  const before = { memoryMib: await world.memoryMib(), files: await world.files() };
  const sightings = await world.viewers.look();
  const beganMs = clock.now();
  const logFrom = world.server.output.length;
  lag.enable();
  try {
    await recorder.begin(TUNE_MS);
    await clock.sleep(SETTLE_MS);
    await fault.inject(trial);
    await clock.sleep(LEAD_MS + SETTLE_MS);
  } catch (error) {
    if (error instanceof NotTried) {
      await recorder.abandon();
      return { ...described(fault), outcome: "not tried", complaints: [], notes: [error.message] };
    }
    trial.complaints.push(error instanceof Error ? error.message : String(error));
  }
  lag.disable();
  const recordings = await recorder.end({
    ...{ broken: [...trial.broken], leaps: fault.expects.leaps ?? 0 },
    evidence: join(RESULTS, `fault-${fault.id}`),
  });
  const seen = compare(sightings, await world.viewers.look());
  const left = await leftBehind(world, before.files);
  const afterMib = await world.memoryMib();
  const disconnects = recordings.reduce((sum, recording) => sum + recording.disconnects, seen.disconnects);
  judgeViewers(fault, trial, { ...seen, disconnects });
  judgePictures(fault, trial, recordings);
  trial.expect(left.processes === 0, `${left.processes} processes were left behind`);
  trial.expect(left.files.length === 0, `files were left behind: ${left.files.join(", ")}`);
  const grownMib = afterMib - before.memoryMib;
  trial.expect(grownMib < MEMORY_MIB, `the server grew by ${grownMib.toFixed(0)} MiB`);
  trial.expect(
    fault.expects.isSilent === true || trial.detectedAfterMs !== undefined,
    "the server never said that something was wrong",
  );
  if (trial.complaints.length > 0) {
    await writeFile(
      join(RESULTS, `fault-${fault.id}.log`),
      world.server.output.slice(logFrom).slice(-LOG_CHARACTERS),
    );
  }
  return {
    ...described(fault),
    outcome: trial.complaints.length === 0 ? "passed" : "failed",
    seconds: (clock.now() - beganMs) / 1000,
    ...(trial.detectedAfterMs !== undefined && { detectedAfterMs: trial.detectedAfterMs }),
    ...(trial.backAfterMs !== undefined && { backAfterMs: trial.backAfterMs }),
    screenSeconds: recordings.reduce((sum, { pictures }) => sum + screenFrames(pictures), 0) / 30,
    framesJudged: recordings.reduce((sum, { pictures }) => sum + pictures.frames, 0),
    leaps: recordings.flatMap(({ channel, pictures }) => pictures.leaps.map(({ by }) => ({ channel, by }))),
    disconnects,
    longestSilenceMs: seen.longestSilenceMs,
    streamErrors: seen.errors + recordings.reduce((sum, { faults }) => sum + total(faults), 0),
    strayProcesses: left.processes,
    strayFiles: left.files.length,
    memoryMib: { before: before.memoryMib, after: afterMib },
    load: loadavg()[0]!,
    harnessLagMs: lag.max / 1e6,
    complaints: trial.complaints,
    notes: trial.notes,
  };
}

function described({ id, title, means }: Fault) {
  return { id, title, means };
}

/** What nobody owns any more: it may be a moment until the last of it is gone. */
async function leftBehind(world: World, before: readonly string[]) {
  for (const deadlineMs = clock.now() + TIDY_MS; ; await clock.sleep(500)) {
    const processes = (await world.strays()).length;
    const files = (await world.files()).filter((file) => !before.includes(file));
    if (processes + files.length === 0 || clock.now() > deadlineMs) return { processes, files };
  }
}

interface Seen {
  readonly disconnects: number;
  readonly errors: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
  readonly longestSilenceMs: number;
}

/** What those who watch throughout have seen between two looks. */
function compare(before: readonly Sighting[], after: readonly Sighting[]): Seen {
  const earlier = new Map(before.map((sighting) => [sighting.name, sighting]));
  const faults: Record<string, number> = {};
  let disconnects = 0;
  for (const { name, disconnects: now, faults: found } of after) {
    disconnects += now - (earlier.get(name)?.disconnects ?? 0);
    for (const [check, count] of Object.entries(found)) {
      const more = count - (earlier.get(name)?.faults[check] ?? 0);
      if (more > 0) faults[check] = (faults[check] ?? 0) + more;
    }
  }
  return {
    ...{ disconnects, faults, errors: total(faults) },
    missing: after.filter(({ connected }) => !connected).map(({ name }) => name),
    longestSilenceMs: Math.max(0, ...after.map(({ silenceMs }) => silenceMs)),
  };
}

function judgeViewers(fault: Fault, trial: Trial, seen: Seen): void {
  trial.expect(seen.missing.length === 0, `without a connection: ${seen.missing.join("; ")}`);
  trial.expect(seen.errors === 0, `stream errors: ${JSON.stringify(seen.faults)}`);
  if (fault.expects.seen !== "cut")
    trial.expect(seen.disconnects === 0, `${seen.disconnects} viewers were cut off`);
}

function judgePictures(fault: Fault, trial: Trial, recordings: readonly Recording[]): void {
  const { seen, leaps: due = 0 } = fault.expects;
  for (const { channel, pictures, faults } of recordings) {
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
}

function screenFrames({ screens, standIns }: Pictures): number {
  return screens.reduce((sum, { frames }) => sum + frames, standIns);
}

function told(screens: readonly ScreenRun[]): string {
  return screens
    .map(({ at, frames, file }) => `${frames} frames of ${basename(file)} from ${at} on`)
    .join("; ");
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
