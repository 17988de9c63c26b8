import type { Fault } from "../fault.ts";
import { ofChannel } from "../news.ts";
import type { Trial } from "../trial.ts";
import { crashLoop } from "./encoders.ts";

const KILLS_PER_MINUTE = 10;
const SAMPLE_MS = 5_000;
/** What a process may grow by between the second and the last third of a long screen. */
const FLAT_MIB = 10;
const RESUME_MS = 20_000;

/** Faults that last, or that come again and again. */
export const LASTING_FAULTS: readonly Fault[] = [
  {
    id: "kills",
    title: "SIGKILL again and again",
    means: `${KILLS_PER_MINUTE} encoders a minute, at random moments on all channels`,
    expects: { seen: "nothing" },
    inject: killAgainAndAgain,
  },
  {
    id: "screen",
    title: "error screen for long",
    means: "no encoder of one channel starts (SIGSEGV)",
    expects: { seen: "screen" },
    inject: (trial) => crashLoop(trial, trial.lastingMs, () => watchMemory(trial)),
  },
];

async function killAgainAndAgain(trial: Trial): Promise<void> {
  const beganMs = trial.clock.now();
  const count = Math.round((trial.lastingMs / 60_000) * KILLS_PER_MINUTE);
  const moments = Array.from({ length: count }, () => trial.random() * trial.lastingMs).sort((a, b) => a - b);
  const gapsMs: number[] = [];
  let last: { channel: number; atMs: number } | undefined;
  for (const moment of moments) {
    await trial.sleep(Math.max(0, beganMs + moment - trial.clock.now()));
    let victim: { channel: number; pid: number } | undefined;
    while (!victim) {
      const channel = trial.pick(trial.channels);
      const encoders = await trial.world.encoders(channel);
      if (encoders.length > 0) victim = { channel, pid: trial.pick(encoders) };
      else await trial.sleep(50);
    }
    last = { channel: victim.channel, atMs: trial.clock.now() };
    trial.injected();
    trial.signal(victim.pid, "SIGKILL");
    gapsMs.push(moment);
  }
  const news = trial.world.news.since(beganMs);
  const failed = news.filter(ofChannel(undefined, "source_failed")).length;
  trial.notes.push(`${moments.length} killed; ${failed} failures (one that had done its work is not missed)`);
  const first = news.find(ofChannel(undefined, "source_failed"));
  if (first) trial.detectedAfterMs = first.atMs - trial.injectedMs!;
  if (last) {
    const back = await trial.world.news.wait(ofChannel(last.channel, "source_resumed"), last.atMs, RESUME_MS);
    if (back) trial.wasBack(back.atMs - last.atMs);
  }
}

/** Memory while nothing but a screen is on air: after the first third it stays where it is. */
async function watchMemory(trial: Trial): Promise<void> {
  const samples: number[] = [];
  const untilMs = trial.clock.now() + trial.lastingMs;
  while (trial.clock.now() < untilMs) {
    samples.push(await trial.world.memoryMib());
    await trial.sleep(Math.min(SAMPLE_MS, Math.max(0, untilMs - trial.clock.now())));
  }
  const third = Math.floor(samples.length / 3);
  const mean = (part: readonly number[]) =>
    part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length);
  const grownMib = mean(samples.slice(-third)) - mean(samples.slice(third, 2 * third));
  trial.notes.push(`memory grew by ${grownMib.toFixed(1)} MiB from the second to the last third`);
  trial.expect(
    third === 0 || grownMib < FLAT_MIB,
    `memory grew by ${grownMib.toFixed(1)} MiB during the screen`,
  );
}
