import { mkdtempSync, rmSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { ServerUnderTest } from "../support/server.ts";

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-budget-"));
const media = join(folder, "media");
const CLIP_FRAMES = 900;
const SHED = "memory is short: the channel that came on air last makes way";
const HELD_UP = "no encoder for this programme yet; it goes on by itself";

const CONFIG = {
  server: { host: "127.0.0.1", port: 0 },
  house_format: { width: 320, height: 180, audio_bitrate_bps: 64_000 },
  stream_throttler: { target_bitrate_bps: 1_000_000 },
  channels: { lead_seconds: 4, linger_seconds: 0 },
};
const withEncoders = (encoders: object) => ({ ...CONFIG, encoders });

beforeAll(async () => {
  const shape = { seconds: CLIP_FRAMES / 30, fps: rational(30), width: 320, height: 180, noisy: true };
  for (const name of ["One", "Two", "Three"]) await makeFrameNumberClip(join(media, name), "a.mp4", shape);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function until(holds: () => boolean | Promise<boolean>, seconds: number, server: ServerUnderTest) {
  for (const endMs = clock.now() + seconds * 1000; clock.now() < endMs; await clock.sleep(50)) {
    if (await holds()) return;
  }
  expect.fail(`${holds} does not hold\n${server.output.slice(-3000)}`);
}

/** As an editor does it: a new file takes the place of the old one. */
async function configure(server: ServerUnderTest, config: object) {
  await writeFile(`${server.configFile}~`, JSON.stringify(config));
  await rename(`${server.configFile}~`, server.configFile);
}

it("memory is short: the newest channels make way one by one, never the last, and come back by themselves", async () => {
  await using server = await ServerUnderTest.start({
    folder: media,
    config: withEncoders({ memory_reserve_mb: 1 }),
  });
  const numbers = [1, 3, 2];
  const captures = numbers.map((number) => join(folder, `${number}.ts`));
  const watching: ReturnType<typeof tsprobe>[] = [];
  for (const [index, number] of numbers.entries()) {
    watching.push(tsprobe(server.channel(number), { seconds: 60 - 2 * index, save: captures[index]! }));
    await clock.sleep(2_000);
  }
  // On a busy machine, a first encoder may take long.
  await until(() => server.logged("back to the programme").length === loadings(server), 20, server);
  // A real shortage by the machine's own figures: more is to be kept free than there is.
  await configure(server, withEncoders({ memory_reserve_mb: 1_000_000 }));
  const screens = () => server.logged("error screen on air").filter(({ reason }) => reason !== "loading");
  await until(() => screens().length === 2, 25, server);
  expect(screens().map(({ channel, reason, failure }) => [channel, reason, failure])).toEqual([
    [2, "source_unavailable", "memory_short"],
    [3, "source_unavailable", "memory_short"],
  ]);
  const times = server.logged(SHED).map(({ time }) => Number(time));
  expect(times).toHaveLength(2);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(2_990);
  // Told for each programme: near the end of one, the next one's encoder has to go as well.
  expect(new Set(server.logged(HELD_UP).map(({ channel, code }) => `${channel} ${code}`))).toEqual(
    new Set(["2 memory_short", "3 memory_short"]),
  );
  await clock.sleep(2_000);
  expect(server.logged(SHED)).toHaveLength(2);
  // Between two programmes it may have two for a moment, or none: what the last one made waits in its pipe.
  await until(async () => (await server.encoders()).length === 1, 10, server);

  await configure(server, withEncoders({ memory_reserve_mb: 1 }));
  await until(() => server.logged("back to the programme").length === 2 + loadings(server), 20, server);
  expect(server.logged("there is room for encoders again")).toHaveLength(1);

  const reports = await Promise.all(watching);
  for (const report of reports) {
    expectSeamless(report);
    expect(report.closed_early).toBe(false);
  }
  // The oldest one has not seen any of it.
  const shown = (await readFrameNumbers(captures[0]!)).slice(0, -3);
  const from = shown.findIndex((number) => number >= 0);
  expect(shown.slice(from)).toEqual(
    shown.slice(from).map((_, index) => (shown[from]! + index) % CLIP_FRAMES),
  );
});

/** Screens at the start of a channel whose first encoder took long, on a busy machine. */
function loadings(server: ServerUnderTest): number {
  return server.logged("error screen on air").filter(({ reason }) => reason === "loading").length;
}

it("more channels than places: the last one says why it waits and comes when there is a place; on demand is told 503", async () => {
  await using server = await ServerUnderTest.start({
    folder: media,
    config: withEncoders({ max_concurrent: 2 }),
  });
  const first = await openTs(server.channel(1));
  const second = await openTs(server.channel(2));
  await Promise.all([first.received(200_000), second.received(200_000)]);
  const third = await openTs(server.channel(3));
  // Nobody is turned away: there is a screen.
  await third.received(200_000);
  await until(() => server.logged(HELD_UP).length > 0, 10, server);
  expect(server.logged(HELD_UP)[0]).toMatchObject({ channel: 3, code: "encoders_full" });

  const onDemand = await openTs(`${server.base}/vod/1.ts`);
  expect([onDemand.status, onDemand.headers["retry-after"]]).toEqual([503, "5"]);
  const problem = await fetch(`${server.base}/vod/1.ts`);
  expect(await problem.json()).toMatchObject({ code: "encoders_full", status: 503 });
  await until(async () => (await server.encoders()).length <= 2, 5, server);

  const back = server.logged("back to the programme").length;
  await first.close();
  await until(() => server.logged("back to the programme").length > back, 15, server);
  // One that is being ended counts for a moment beside its successor.
  await until(async () => (await server.encoders()).length <= 2, 5, server);
  for (const client of [second, third]) expect((await client.close()).by).toBe("client");
});
