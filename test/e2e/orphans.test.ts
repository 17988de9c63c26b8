import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { readProcess, variableOfProcess } from "../../src/ffmpeg/process-table.ts";
import { openTs, type TsClient } from "../support/http-ts-client.ts";
import { tsprobe } from "../support/judges.ts";
import { generated, OUTPUT, place } from "../support/media-cache.ts";
import { expectSeamless } from "../support/perfect.ts";
import { linesOf, run } from "../support/process.ts";
import { ServerUnderTest } from "../support/server.ts";

const CHANNELS = [1, 2, 3];
const MAIN = fileURLToPath(new URL("../../bin/exstreamtv.js", import.meta.url));
const HOUSE = {
  house_format: { width: 320, height: 180, audio_bitrate_bps: 64_000 },
  stream_throttler: { target_bitrate_bps: 800_000 },
};
/** Stands in for an ffmpeg that nothing ends: its reader is gone, it does not hear TERM, and it goes on. */
const STUBBORN = `#!/bin/bash
trap '' TERM PIPE
case "$*" in
  *-progress*) ;;
  *) exec ffmpeg "$@" ;;
esac
ffmpeg "$@" && exit 0
while :; do sleep 1; done
`;

const clock = new SystemClock();
let root: string;
let media: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-orphans-"));
  media = join(root, "media");
  const clip = {
    extension: ".mp4",
    steps: [
      [
        ...generated("testsrc2=s=320x180:r=30:d=60"),
        ...generated("sine=f=300:r=48000:d=60"),
        ...["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", OUTPUT],
      ],
    ],
  };
  for (const channel of CHANNELS) await place(clip, join(media, `Channel ${channel}`), "clip.mp4");
  await writeFile(join(root, "ffmpeg-stubborn"), STUBBORN);
  await chmod(join(root, "ffmpeg-stubborn"), 0o755);
});

afterAll(() => rm(root, { recursive: true, force: true }));

/** Processes that carry the mark of a server. */
async function marked(serverPid: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    const mark = await variableOfProcess(pid, "EXSTREAMTV_OWNER");
    if (mark?.split(":")[1] !== String(serverPid)) continue;
    if (!((await readProcess(pid))?.zombie ?? true)) found.push(pid);
  }
  return found;
}

/** Tunes to every channel and holds on; resolves when each has an encoder. */
async function tuneToAll(server: ServerUnderTest): Promise<TsClient[]> {
  const viewers = await Promise.all(CHANNELS.map((channel) => openTs(server.channel(channel))));
  await Promise.all(viewers.map((viewer) => viewer.received(1)));
  while ((await server.encoders()).length < CHANNELS.length) await clock.sleep(50);
  return viewers;
}

describe("kill -9 of the server with three encoders running", () => {
  it.each([
    ["as they are", undefined],
    ["that nothing else ends", "ffmpeg-stubborn"],
  ])("leaves none behind once it is started again: encoders %s", async (_, wrapper) => {
    const dataFolder = join(root, `data-${wrapper ?? "plain"}`);
    const env: Record<string, string> = wrapper
      ? { EXSTREAMTV_FFMPEG: join(root, wrapper), EXSTREAMTV_FFPROBE: "/usr/bin/ffprobe" }
      : {};
    const endless = ["-v", "error", "-re", ...generated("testsrc2=s=320x180:r=5"), "-f", "null", "-"];
    const innocent = spawn("ffmpeg", endless, { detached: true, stdio: "ignore" });
    try {
      const first = await ServerUnderTest.start({ folder: media, config: HOUSE, dataFolder, env });
      const viewers = await tuneToAll(first);
      expect((await marked(first.pid)).length).toBeGreaterThanOrEqual(CHANNELS.length);
      await first.stop("SIGKILL");
      await Promise.all(viewers.map((viewer) => viewer.close()));
      // A plain ffmpeg may find its pipe closed by itself; a stubborn one waits for us.
      const left = await marked(first.pid);
      if (wrapper) expect(left.length).toBeGreaterThanOrEqual(CHANNELS.length);

      await using second = await ServerUnderTest.start({ folder: media, config: HOUSE, dataFolder, env });
      // The start does not wait for those that take their time to end.
      for (let waited = 0; waited < 200 && (await marked(first.pid)).length > 0; waited++)
        await clock.sleep(50);
      expect(await marked(first.pid)).toEqual([]);
      const isTold = () =>
        second.logged("an earlier run of this server had left a process behind").length > 0;
      for (let waited = 0; wrapper && waited < 100 && !isTold(); waited++) await clock.sleep(50);
      const told = second.logged("an earlier run of this server had left a process behind");
      if (wrapper) {
        expect(told.length).toBeGreaterThanOrEqual(CHANNELS.length);
        expect(new Set(told.map(({ serverPid }) => serverPid))).toEqual(new Set([first.pid]));
        expect(new Set(told.map(({ outcome }) => outcome))).toContain("killed");
      }
      expect(innocent.exitCode ?? innocent.signalCode).toBeNull();
      // The lock of the killed server does not keep the next one out, and it plays.
      const playing = await tuneToAll(second);
      await Promise.all(playing.map((viewer) => viewer.close()));
    } finally {
      const ended = once(innocent, "exit");
      innocent.kill("SIGKILL");
      await ended;
    }
  });
});

describe("a second server on the same data folder", () => {
  it("is refused with a message that names the first, which is not disturbed", async () => {
    const dataFolder = join(root, "data-shared");
    await using first = await ServerUnderTest.start({ folder: media, config: HOUSE, dataFolder });
    const watching = tsprobe(first.channel(1), { seconds: 8 });
    while ((await first.encoders()).length === 0) await clock.sleep(50);
    const args = [MAIN, "--data", dataFolder, "--host", "127.0.0.1", "--port", "0", media];
    const second = await run(process.execPath, args, { seconds: 30 });
    expect(second.status).toBe(2);
    expect(linesOf(second.stderr).join("\n")).toMatch(
      new RegExp(
        `in use by another server \\(data_folder_locked\\)\\s+.*process ${first.pid}, .* uses ${dataFolder}`,
      ),
    );
    const report = await watching;
    expectSeamless(report);
    expect(report.closed_early).toBe(false);
    expect(first.logged("encoder failed; another one takes over")).toEqual([]);
  });

  it("is told what is wrong with a data folder that cannot be written", async () => {
    const args = [MAIN, "--data", join(media, "Channel 1", "clip.mp4"), "--port", "0", media];
    const refused = await run(process.execPath, args, { seconds: 30 });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/data_folder_unusable\)\s+.*clip\.mp4 cannot be written: EEXIST/);
  });
});
