import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { ServerUnderTest } from "../support/server.ts";

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-descriptors-"));
const LIMIT = 200;
const CONFIG = {
  house_format: { width: 320, height: 180, audio_bitrate_bps: 64_000 },
  stream_throttler: { target_bitrate_bps: 1_000_000 },
  session_manager: { max_sessions_per_channel: 1_000 },
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function until(holds: () => boolean | Promise<boolean>, server: ServerUnderTest) {
  for (const endMs = clock.now() + 20_000; clock.now() < endMs; await clock.sleep(50))
    if (await holds()) return;
  expect.fail(`${holds} does not hold\n${server.output.slice(-3000)}`);
}

/** Whether management answers, in whatever time a person waits. */
async function isManaged(server: ServerUnderTest): Promise<boolean> {
  const answer = await fetch(`${server.base}/api/channels`).catch(() => undefined);
  return answer?.status === 200;
}

it("file descriptors run out: new viewers are told to try again; channels, encoders and management go on", async () => {
  const shape = { seconds: 30, fps: rational(30), width: 320, height: 180, noisy: true };
  for (const name of ["One", "Two"]) await makeFrameNumberClip(join(folder, name), "a.mp4", shape);
  await using server = await ServerUnderTest.start({ folder, config: CONFIG, descriptors: LIMIT });
  const watching = tsprobe(server.channel(1), { seconds: 40 });
  await until(() => server.logged("viewer joined").length > 0 || server.output.includes("on air"), server);
  await clock.sleep(2_000);

  // More viewers than there are descriptors.
  const asked = await Promise.allSettled(Array.from({ length: 300 }, () => openTs(server.channel(1))));
  const viewers = asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const watched = viewers.filter(({ status }) => status === 200);
  const told = viewers.filter(({ status }) => status === 503);
  expect(watched.length).toBeGreaterThan(50);
  expect(told.length).toBeGreaterThan(0);
  expect(watched.length + told.length).toBe(viewers.length);
  expect(new Set(told.map(({ headers }) => headers["retry-after"]))).toEqual(new Set(["5"]));
  expect(await server.fileDescriptors()).toBeLessThan(LIMIT - 20);
  await Promise.all(told.map((client) => client.close()));

  let refusals = 0;
  // Many at once are reckoned with what they may take; one after the other, the last places are found.
  await until(async () => {
    const client = await openTs(server.channel(1)).catch(() => undefined);
    if (client?.status === 200) watched.push(client);
    refusals = client?.status === 503 ? refusals + 1 : 0;
    return refusals === 20;
  }, server);
  await until(() => isManaged(server), server);
  const refused = await fetch(server.channel(2));
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "descriptors_short" });

  // What is on air may use the reserve: a dead encoder is replaced.
  await until(async () => (await server.encoders()).length > 0, server);
  const [victim] = await server.encoders();
  process.kill(victim!, "SIGKILL");
  await until(() => server.logged("encoder resumed").length === 1, server);

  // Connections that ask for nothing take what is left, again and again, and are cut off for it.
  const idle: Socket[] = [];
  const { hostname, port } = new URL(server.base);
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 100; index++) {
      idle.push(connect(Number(port), hostname).on("error", () => undefined));
    }
    await clock.sleep(500);
  }
  await until(() => isManaged(server), server);
  expect(await server.fileDescriptors()).toBeLessThanOrEqual(LIMIT);
  for (const socket of idle) socket.destroy();

  // As soon as there is room again, so is the second channel.
  await Promise.all(watched.map((client) => client.close()));
  await until(async () => {
    const client = await openTs(server.channel(2)).catch(() => undefined);
    await client?.close();
    return client?.status === 200;
  }, server);
  const report = await watching;
  expectSeamless(report);
  expect(report.closed_early).toBe(false);
  expect(server.logged("error screen on air").filter(({ reason }) => reason !== "loading")).toEqual([]);
});
