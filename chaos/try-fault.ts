import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { SystemClock } from "../src/base/clock.ts";
import type { Random } from "../src/base/random.ts";
import { type Fault, NotTried } from "./fault.ts";
import { HOUSE } from "./library.ts";
import { leftBehind, type Seen, seenBetween, total } from "./measure.ts";
import type { Recording } from "./recorder.ts";
import type { FaultResult } from "./report.ts";
import { Trial } from "./trial.ts";
import { judge, type Measured, screenFrames } from "./verdict.ts";
import type { World } from "./world.ts";

const clock = new SystemClock();
/** Where reports are written, and what was recorded of faults whose requirements were not met. */
export const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const TUNE_MS = 30_000;
/** What is made waits so long in the lead, and a little longer until everybody has it. */
const LEAD_MS = 8_000;
const SETTLE_MS = 4_000;
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
  const measured = {
    recordings,
    seen: withRecorders(seenBetween(sightings, await world.viewers.look()), recordings),
    left: await leftBehind(world, before.files),
    memoryMib: { before: before.memoryMib, after: await world.memoryMib() },
  };
  judge(fault, trial, measured);
  if (trial.complaints.length > 0) {
    const log = world.server.output.slice(logFrom).slice(-LOG_CHARACTERS);
    await writeFile(join(RESULTS, `fault-${fault.id}.log`), log);
  }
  return {
    ...resultOf(fault, trial, measured),
    seconds: (clock.now() - beganMs) / 1000,
    load: loadavg()[0]!,
    harnessLagMs: lag.max / 1e6,
  };
}

/** Those who record watch, too. */
function withRecorders(seen: Seen, recordings: readonly Recording[]): Seen {
  const disconnects = recordings.reduce((sum, recording) => sum + recording.disconnects, seen.disconnects);
  return { ...seen, disconnects };
}

function described({ id, title, means }: Fault) {
  return { id, title, means };
}

function resultOf(fault: Fault, trial: Trial, { seen, recordings, left, memoryMib }: Measured): FaultResult {
  const { detectedAfterMs, backAfterMs, complaints, notes } = trial;
  const sum = (count: (recording: Recording) => number) =>
    recordings.reduce((all, recording) => all + count(recording), 0);
  return {
    ...described(fault),
    outcome: complaints.length === 0 ? "passed" : "failed",
    ...(detectedAfterMs !== undefined && { detectedAfterMs }),
    ...(backAfterMs !== undefined && { backAfterMs }),
    screenSeconds: sum(({ pictures }) => screenFrames(pictures)) / HOUSE.fps,
    framesJudged: sum(({ pictures }) => pictures.frames),
    leaps: recordings.flatMap(({ channel, pictures }) => pictures.leaps.map(({ by }) => ({ channel, by }))),
    disconnects: seen.disconnects,
    longestSilenceMs: seen.longestSilenceMs,
    streamErrors: seen.errors + sum(({ faults }) => total(faults)),
    strayProcesses: left.processes,
    strayFiles: left.files.length,
    ...{ memoryMib, complaints, notes },
  };
}
