import { open, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Fault } from "../fault.ts";
import { ofChannel } from "../news.ts";
import type { Trial } from "../trial.ts";

/** So long before its end the programme on air is hurt: the next one has not been opened yet. */
const AHEAD_MS = 19_000;
/** From the shortest programme's length on there is always a moment. */
const WAIT_MS = 120_000;
const HEAD_BYTES = 64 * 1024;
const AFTER_MS = 3_000;

/** Faults 7 to 10: what can happen to a file, while it is on air and before it comes on. */
export const MEDIA_FAULTS: readonly Fault[] = [
  fault("7", "file missing", "removed", (file) => rm(file)),
  fault("8", "file truncated", "cut to half", async (file) => truncate(file, (await stat(file)).size >> 1)),
  fault("9", "file corrupt", "all but the first 64 KiB overwritten at random", corrupt),
  fault("10", "file of zero bytes", "emptied", (file) => truncate(file, 0)),
];

type Harm = (file: string, trial: Trial) => Promise<void>;

function fault(id: string, title: string, how: string, harm: Harm): Fault {
  return {
    ...{ id, title, means: `the file on air and the next one: ${how}` },
    expects: { seen: "screen" },
    inject: (trial) => hurtFiles(trial, harm),
  };
}

async function hurtFiles(trial: Trial, harm: Harm): Promise<void> {
  const channel = trial.pick([1, 2]);
  const bill = trial.world.channels[channel - 1]!.bill;
  trial.concerned.add(channel);
  const deadlineMs = trial.clock.now() + WAIT_MS;
  while (bill.at(trial.world.wallNow()).leftMs < AHEAD_MS && trial.clock.now() < deadlineMs)
    await trial.sleep(100);
  const { programme, leftMs } = bill.at(trial.world.wallNow());
  const next = bill.after(programme);
  const whole = new Map<string, Buffer>();
  const atMs = trial.clock.now();
  try {
    for (const { file } of [programme, next]) {
      whole.set(file, await readFile(file));
      trial.broken.add(file);
      await harm(file, trial);
    }
    trial.injected();
    trial.notes.push(`channel ${channel}: ${basename(programme.file)} on air, ${basename(next.file)} next`);
    const restoreMs = leftMs + (next.frames * 1000) / 30 + AFTER_MS;
    await trial.detect(ofChannel(channel, "source_failed", "item_given_up"), atMs, restoreMs);
    await trial.sleep(Math.max(0, atMs + restoreMs - trial.clock.now()));
  } finally {
    for (const [file, bytes] of whole) {
      await writeFile(`${file}.restored`, bytes);
      await rename(`${file}.restored`, file);
    }
    trial.cleared();
  }
}

/** Everything but the head becomes noise. */
async function corrupt(file: string, { random }: Trial): Promise<void> {
  const { size } = await stat(file);
  const noise = Buffer.from(Array.from({ length: size - HEAD_BYTES }, () => Math.floor(random() * 256)));
  await using handle = await open(file, "r+");
  await handle.write(noise, 0, noise.length, HEAD_BYTES);
}
