import { basename } from "node:path";
import type { Fault } from "../fault.ts";
import type { Trial } from "../trial.ts";

/** The channel whose programmes have nothing in common. */
const MIXED = 3;
const AFTER_MS = 2_000;

/** Faults 11 and 12: what changes from one programme to the next. Nothing is wrong, so nothing is to be detected. */
export const MIXED_FAULTS: readonly Fault[] = [
  {
    id: "11",
    title: "codec, size and rate change",
    means: "H.264 30 fps, MPEG-2 25 fps and HEVC 50 fps of three sizes follow one another",
    expects: { seen: "nothing", isSilent: true },
    inject: (trial) => watchThrough(trial, "3 Fast.mkv"),
  },
  {
    id: "12",
    title: "no audio, no video",
    means: "a film without sound and sound without a picture follow one another",
    expects: { seen: "nothing", isSilent: true },
    inject: (trial) => watchThrough(trial, "5 Blind.m4a"),
  },
];

/** Waits until a programme of the mixed channel has been seen as a whole, and the one before it. */
async function watchThrough(trial: Trial, name: string): Promise<void> {
  const bill = trial.world.channels[MIXED - 1]!.bill;
  const isOn = (wanted: string) => basename(bill.at(trial.world.wallNow()).programme.file) === wanted;
  const before = bill.programmes.find((programme) => basename(bill.after(programme).file) === name)!;
  for (const wanted of [basename(before.file), name]) while (!isOn(wanted)) await trial.sleep(200);
  await trial.sleep(bill.at(trial.world.wallNow()).leftMs + AFTER_MS);
}
