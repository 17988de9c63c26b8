import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Fault } from "../fault.ts";
import type { Trial } from "../trial.ts";

const SWAPS = 50;
const MOST_TRIES = 100;
const PAUSE_MS = 3_000;
/** A swap needs a moment in which the programme does not end. */
const LEFT_MS = 14_000;

/** Hot swaps of every kind that leaves the picture as it is: so each one that goes wrong is seen. */
export const SWAP_FAULTS: readonly Fault[] = [
  {
    id: "swaps",
    title: `${SWAPS} hot swaps`,
    means:
      "by the API: a new encoder, the safe and the usual profile, a copy of the file elsewhere, at random on all channels",
    expects: { seen: "nothing", isSilent: true },
    inject: swapAgainAndAgain,
  },
];

interface Outcome {
  readonly outcome?: string;
  readonly reason?: { readonly class: string; readonly sentence: string };
  readonly code?: string;
  readonly detail?: string;
}

async function swapAgainAndAgain(trial: Trial): Promise<void> {
  const ids = await channelIds(trial);
  const kept = new Map<string, number>();
  const preparations: number[] = [];
  let swapped = 0;
  for (let tries = 0; swapped < SWAPS && tries < MOST_TRIES; ) {
    const channel = trial.pick(trial.channels);
    const { programme, leftMs } = trial.world.channels[channel - 1]!.bill.at(trial.world.wallNow());
    if (leftMs < LEFT_MS) {
      await trial.sleep(PAUSE_MS / 3);
      continue;
    }
    tries++;
    trial.injected();
    const atMs = trial.clock.now();
    const answer = await ask(trial, ids.get(channel)!, await wish(trial, programme.file));
    if (answer.outcome === "swapped") {
      swapped++;
      preparations.push(trial.clock.now() - atMs);
    } else {
      const why = answer.reason?.class ?? answer.code ?? "no answer";
      kept.set(why, (kept.get(why) ?? 0) + 1);
      if (!answer.reason) trial.complaints.push(`a swap was answered with ${why}: ${answer.detail}`);
    }
    await trial.sleep(trial.random() * PAUSE_MS);
  }
  trial.expect(swapped === SWAPS, `${swapped} swaps in ${MOST_TRIES} tries`);
  const reasons = [...kept].map(([why, count]) => `${count} × ${why}`).join(", ");
  trial.notes.push(`${swapped} swapped, kept: ${reasons || "none"}`);
  if (preparations.length > 0) trial.wasBack(Math.max(...preparations));
}

/** The same pictures from another source. */
async function wish(trial: Trial, file: string): Promise<object> {
  const copy = join(trial.world.mediaFolder, `.copy of ${basename(file)}`);
  // Made once: one that is on air must not change.
  if (!existsSync(copy)) await copyFile(file, copy);
  return trial.pick([{ restart: true }, { profile: "safe" }, { profile: "usual" }, { path: copy }]);
}

async function ask(trial: Trial, id: number, body: object): Promise<Outcome> {
  const answer = await fetch(`${trial.world.server.base}/api/channels/${id}/swap`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Outcome;
}

/** Ids of channels by their numbers. */
async function channelIds(trial: Trial): Promise<Map<number, number>> {
  const answer = await fetch(`${trial.world.server.base}/api/channels`);
  const { channels } = (await answer.json()) as { channels: { id: number; number: number }[] };
  return new Map(channels.map(({ id, number }) => [number, id]));
}
