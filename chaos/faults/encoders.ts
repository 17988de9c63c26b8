import { join } from "node:path";
import type { Fault } from "../fault.ts";
import { ofChannel } from "../news.ts";
import type { Trial } from "../trial.ts";

/** A death is seen when the pipe is empty; the lead is eight. */
const DETECT_MS = 8_000;
/** A stop two seconds of reading later: after 6.1 to 7.3 s where nothing else runs, and after more on a busy machine. */
const DETECT_STOP_MS = 12_000;
const RESUME_MS = 15_000;
const LOOP_MS = 25_000;
const BACK_MS = 60_000;

/** Faults 1 to 3: what can happen to an encoder. */
export const ENCODER_FAULTS: readonly Fault[] = [
  {
    id: "1",
    title: "encoder SIGKILL",
    means: "SIGKILL to the encoders of all channels",
    expects: { seen: "nothing" },
    inject: (trial) => hurtEach(trial, "SIGKILL"),
  },
  {
    id: "2",
    title: "encoder SIGSTOP",
    means: "SIGSTOP to the encoders of all channels",
    expects: { seen: "nothing" },
    inject: (trial) => hurtEach(trial, "SIGSTOP"),
  },
  {
    id: "3",
    title: "encoder SIGSEGV loop",
    means: "every ffmpeg that is started for one channel dies of SIGSEGV, for 25 s",
    expects: { seen: "screen" },
    inject: (trial) => crashLoop(trial, LOOP_MS),
  },
];

async function hurtEach(trial: Trial, signal: NodeJS.Signals): Promise<void> {
  const hurt = async (channel: number) => {
    const encoder = await trial.encoder(channel);
    const atMs = trial.clock.now();
    trial.injected();
    trial.signal(encoder, signal);
    const withinMs = signal === "SIGSTOP" ? DETECT_STOP_MS : DETECT_MS;
    await trial.detect(ofChannel(channel, "source_failed"), atMs, withinMs);
    await trial.back(channel, atMs, RESUME_MS);
  };
  await Promise.all(trial.channels.map(hurt));
}

/** Lets all encoders of one channel die for so long; `during` is run meanwhile. */
export async function crashLoop(trial: Trial, ms: number, during?: () => Promise<void>): Promise<void> {
  const channel = trial.pick([1, 2]);
  const { wrappers, mediaFolder, channels } = trial.world;
  trial.concerned.add(channel);
  const encoder = await trial.encoder(channel);
  const atMs = trial.clock.now();
  await wrappers.crash(join(mediaFolder, channels[channel - 1]!.folder));
  try {
    trial.injected();
    trial.signal(encoder, "SIGSEGV");
    await trial.detect(ofChannel(channel, "source_failed"), atMs, DETECT_MS);
    await Promise.all([trial.sleep(ms), during?.()]);
  } finally {
    await wrappers.crash("");
    trial.cleared();
  }
  await trial.back(channel, trial.clock.now(), BACK_MS);
}
