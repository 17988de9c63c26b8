import type { Fault } from "../fault.ts";
import { ofChannel } from "../news.ts";
import type { Trial } from "../trial.ts";

/** More than any machine has free. */
const ALL_THERE_IS_MIB = 1_000_000;
const SHED_MS = 30_000;
/** Time in which a third one would have to make way, if that could happen. */
const AFTER_MS = 6_000;
const BACK_MS = 60_000;

/** Fault 6: the machine has no memory left. */
export const MEMORY_FAULTS: readonly Fault[] = [
  {
    id: "6",
    title: "out of memory",
    means:
      "encoders.memory_reserve_mb raised beyond what the machine has, by a reload, until two channels have made way",
    expects: { seen: "screen" },
    inject: runShort,
  },
];

async function runShort(trial: Trial): Promise<void> {
  const { world } = trial;
  const onAir = world.news.items.filter(ofChannel(undefined, "on_air")).slice(-trial.channels.length);
  const newestFirst = onAir.map(({ data }) => data.channel_number as number).reverse();
  const oldest = newestFirst.at(-1)!;
  const atMs = trial.clock.now();
  const isHeldUp = ofChannel(undefined, "source_held_up");
  try {
    await world.configure({ encoders: { memory_reserve_mb: ALL_THERE_IS_MIB } });
    trial.injected();
    for (const channel of newestFirst.slice(0, -1)) {
      trial.concerned.add(channel);
      await trial.detect(ofChannel(channel, "source_held_up"), atMs, SHED_MS);
    }
    await trial.sleep(AFTER_MS);
    const order = new Set(
      world.news
        .since(atMs)
        .filter(isHeldUp)
        .map(({ data }) => data.channel_number),
    );
    trial.notes.push(`made way, in this order: ${[...order].join(", ")}; on air since longest: ${oldest}`);
    trial.expect(
      [...order].join() === newestFirst.slice(0, -1).join(),
      `channels made way in the order ${[...order].join(", ")}; the newest first is ${newestFirst.join(", ")}`,
    );
  } finally {
    await world.configure({});
    trial.cleared();
  }
  const clearedMs = trial.clearedMs ?? trial.clock.now();
  for (const channel of trial.concerned) await trial.back(channel, clearedMs, BACK_MS);
}
