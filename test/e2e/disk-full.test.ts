import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { run, runOrThrow } from "../support/process.ts";
import { ServerUnderTest } from "../support/server.ts";

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-disk-"));
const dataFolder = join(folder, "data");
const media = join(folder, "media");
const CONFIG = {
  house_format: { width: 320, height: 180, audio_bitrate_bps: 64_000 },
  stream_throttler: { target_bitrate_bps: 1_000_000 },
};
const NEARLY_FULL = "the disk of the data folder is nearly full: nothing is cached; channels go on";

mkdirSync(dataFolder);
const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", dataFolder], { seconds: 10 });

beforeAll(async () => {
  const shape = { seconds: 60, fps: rational(30), width: 320, height: 180, noisy: true };
  await makeFrameNumberClip(join(media, "One"), "a.mp4", shape);
});

afterAll(async () => {
  if (mounted.status === 0) await run("umount", [dataFolder], { seconds: 10 });
  rmSync(folder, { recursive: true, force: true });
});

/** Writes until nothing more is taken. */
async function fillDisk(): Promise<void> {
  await using file = await open(join(dataFolder, "filling"), "a");
  for (const size of [1 << 20, 4096, 1]) {
    for (;;) {
      const written = await file.write(Buffer.alloc(size)).catch((failure: NodeJS.ErrnoException) => failure);
      if (!(written instanceof Error)) continue;
      expect(written.code).toBe("ENOSPC");
      break;
    }
  }
}

async function until(holds: () => boolean | Promise<boolean>, server: ServerUnderTest) {
  for (const endMs = clock.now() + 30_000; clock.now() < endMs; await clock.sleep(50))
    if (await holds()) return;
  expect.fail(`${holds} does not hold\n${server.output.slice(-6000)}`);
}

/** A look of its own for a channel's screens: something that has to be written to be kept. */
function changeLook(server: ServerUnderTest): Promise<Response> {
  return fetch(`${server.base}/api/channels/1/error-screen`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ background_color: "navy" }),
  });
}

/** Warnings and errors of the log, apart from advice, and from what a start on a busy machine may have. */
function complaints(server: ServerUnderTest): unknown[] {
  return server.output
    .split("\n")
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : []))
    .filter(({ level, key, reason }) => Number(level) >= 40 && key === undefined && reason !== "loading")
    .map(({ msg }) => msg);
}

// Only root may mount the small disk that is filled up here.
describe.skipIf(mounted.status !== 0)("a disk that takes nothing more", () => {
  it("while channels are on air: they stay there, encoders are replaced, it is said once; and it ends by itself", async () => {
    await using server = await ServerUnderTest.start({ folder: media, dataFolder, config: CONFIG });
    const watching = tsprobe(server.channel(1), { seconds: 40 });
    await clock.sleep(3_000);
    await fillDisk();
    await until(() => server.logged(NEARLY_FULL).length > 0, server);
    const [victim] = await server.encoders();
    process.kill(victim!, "SIGKILL");
    await until(() => server.logged("encoder failed; another one takes over").length > 0, server);
    // What a failed render leaves is removed, and makes room for a moment.
    await until(async () => {
      await fillDisk();
      const answer = await changeLook(server);
      if (answer.status === 200) return false;
      expect([answer.status, await answer.json()]).toEqual([
        500,
        expect.objectContaining({ code: "data_folder_unusable" }),
      ]);
      return true;
    }, server);
    const screen = await fetch(`${server.base}/api/error-screens/preview.png`);
    await screen.arrayBuffer();
    await clock.sleep(12_000);
    expect(new Set(complaints(server))).toEqual(
      new Set([NEARLY_FULL, "encoder failed; another one takes over"]),
    );
    expect(server.logged(NEARLY_FULL)).toHaveLength(1);

    await rm(join(dataFolder, "filling"));
    await until(
      () => server.logged("there is room on the disk of the data folder again").length === 1,
      server,
    );
    expect((await changeLook(server)).status).toBe(200);
    const report = await watching;
    expectSeamless(report);
    expect(report.closed_early).toBe(false);
    expect(await server.stop()).toBe(0);
  });

  it("at the start: channels go on air all the same, on a full disk and on a read-only one", async () => {
    await fillDisk();
    const said = "the data folder takes nothing: channels go on air, what changes is not kept";
    const show = async (server: ServerUnderTest, words: string) => {
      const client = await openTs(server.channel(1));
      await client.received(500_000);
      await client.close();
      expect(server.logged(words)).toMatchObject([{ code: "data_folder_unusable" }]);
      expect(complaints(server).filter((each) => each === words || each === NEARLY_FULL)).toEqual([words]);
    };
    await using full = await ServerUnderTest.start({ folder: media, dataFolder, config: CONFIG });
    await show(full, said);
    // The lock holds as on any disk.
    await expect(ServerUnderTest.start({ folder: media, dataFolder, config: CONFIG })).rejects.toThrow(
      "data_folder_locked",
    );
    await full.stop();

    await runOrThrow("mount", ["-o", "remount,ro", dataFolder], { seconds: 10 });
    await using readOnly = await ServerUnderTest.start({ folder: media, dataFolder, config: CONFIG });
    await show(readOnly, `${said}; nor is a second server on this folder found out`);
    expect((await changeLook(readOnly)).status).toBe(500);
    expect(await readOnly.stop()).toBe(0);
  });
});
