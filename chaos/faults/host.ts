import { open, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { DESCRIPTORS } from "../equipment.ts";
import { type Fault, NotTried } from "../fault.ts";
import { ofChannel } from "../news.ts";
import type { Trial } from "../trial.ts";

const HOUR_MS = 3_600_000;
const RESUME_MS = 15_000;
const FULL_MS = 20_000;
const ANSWER_MS = 10_000;
const MIB = 1 << 20;
/** So few descriptors are less than what is kept for those who watch. */
const FEW = 48;
/** The server looks at its descriptors once a second. */
const SEEN_MS = 1_200;

/** Faults 23, 26 and 27: what can happen to the machine. */
export const HOST_FAULTS: readonly Fault[] = [
  {
    id: "23",
    title: "disk full",
    means:
      "the file system of the data folder filled to the last byte for 20 s; an encoder is killed meanwhile",
    expects: { seen: "nothing" },
    inject: fillDisk,
  },
  {
    id: "26",
    title: "descriptors used up",
    means: `${DESCRIPTORS} descriptors for the server, and as many idle connections; an encoder is killed meanwhile`,
    expects: { seen: "nothing" },
    inject: useUpDescriptors,
  },
  {
    id: "27",
    title: "wall clock ±1 h",
    means: "the server's CLOCK_REALTIME set an hour ahead, and back",
    expects: { seen: "nothing", leaps: 2 },
    inject: setWallClock,
  },
];

async function fillDisk(trial: Trial): Promise<void> {
  const { world } = trial;
  if (typeof world.disk === "string") throw new NotTried(world.disk);
  const ballast = join(world.dataFolder, "..", "ballast");
  const atMs = trial.clock.now();
  await fill(ballast);
  trial.injected();
  try {
    // What is asked to be kept cannot be: that is how the server learns of it.
    const refused = await putThrottle(trial, 1_100_000);
    trial.expect(refused >= 500, `a change that cannot be kept was answered with ${refused}`);
    if (refused >= 500) trial.detectedAfterMs = trial.clock.now() - atMs;
    await killOne(trial);
    await trial.sleep(FULL_MS);
  } finally {
    await rm(ballast, { force: true });
    trial.cleared();
  }
  const kept = await putThrottle(trial, null);
  trial.expect(kept === 200, `with room again, a change was answered with ${kept}`);
  trial.wasBack(trial.clock.now() - trial.clearedMs!);
}

async function fill(file: string): Promise<void> {
  await using handle = await open(file, "w");
  for (let piece = Buffer.alloc(MIB); piece.length > 0; ) {
    try {
      const { bytesWritten } = await handle.write(piece);
      if (bytesWritten < piece.length) piece = piece.subarray(0, piece.length >> 1);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      piece = piece.subarray(0, piece.length >> 1);
    }
  }
}

async function putThrottle({ world }: Trial, targetBps: number | null): Promise<number> {
  const answer = await fetch(
    `${world.server.base}/api/channels/${await channelId(world.server.base)}/throttle`,
    {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ target_bitrate_bps: targetBps }),
    },
  );
  await answer.body?.cancel();
  return answer.status;
}

async function channelId(base: string): Promise<number> {
  const { channels } = (await (await fetch(`${base}/api/channels`)).json()) as { channels: { id: number }[] };
  return channels[0]!.id;
}

/** Kills an encoder: its successor needs descriptors, files and memory. */
async function killOne(trial: Trial): Promise<void> {
  const channel = trial.pick([1, 2]);
  const encoder = await trial.encoder(channel);
  const atMs = trial.clock.now();
  trial.signal(encoder, "SIGKILL");
  const resumed = await trial.world.news.wait(ofChannel(channel, "source_resumed"), atMs, RESUME_MS);
  trial.expect(resumed !== undefined, `channel ${channel} got no new encoder`);
}

async function useUpDescriptors(trial: Trial): Promise<void> {
  const { world } = trial;
  const { hostname, port } = new URL(world.server.base);
  const idle: Socket[] = [];
  const hold = async (count: number) => {
    for (let index = 0; index < count; index++) {
      idle.push(connect({ host: hostname, port: Number(port) }).on("error", () => undefined));
      if (index % 20 === 0) await trial.sleep(10);
    }
    await trial.sleep(SEEN_MS);
  };
  const left = DESCRIPTORS - (await world.descriptors());
  const atMs = trial.clock.now();
  try {
    await hold(left - FEW);
    trial.injected();
    const answer = await oneMore(trial);
    trial.expect(answer === "status 503", `one more viewer was not told to try again, but: ${answer}`);
    trial.detectedAfterMs = trial.clock.now() - atMs;
    const killing = killOne(trial);
    await hold(2 * FEW);
    trial.notes.push(`${DESCRIPTORS - (await world.descriptors())} left of ${DESCRIPTORS}`);
    await killing;
  } finally {
    for (const socket of idle) socket.destroy();
    trial.cleared();
  }
  const tookMs = await world.viewers.tune("afterwards", world.address(1), ANSWER_MS);
  await world.viewers.leave("afterwards");
  trial.wasBack(tookMs);
}

/** How one viewer more is answered. */
async function oneMore({ world }: Trial): Promise<string> {
  try {
    const answer = await fetch(world.address(1), { signal: AbortSignal.timeout(ANSWER_MS) });
    await answer.body?.cancel();
    return `status ${answer.status}`;
  } catch (error) {
    const { cause, name } = error as Error;
    return `no answer (${(cause as NodeJS.ErrnoException | undefined)?.code ?? name})`;
  }
}

async function setWallClock(trial: Trial): Promise<void> {
  const { wallClock } = trial.world;
  if (typeof wallClock === "string") throw new NotTried(wallClock);
  for (const offsetMs of [HOUR_MS, 0]) {
    const atMs = trial.clock.now();
    await wallClock.set(offsetMs);
    trial.injected();
    for (const channel of trial.channels) await trial.detect(ofChannel(channel, "reanchored"), atMs);
    trial.wasBack(trial.clock.now() - atMs);
    // Both leaps are to be seen, and what lies between them.
    await trial.sleep(15_000);
  }
  trial.cleared();
}
