import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-reload-"));
let server: ServerUnderTest;

const CONFIG = {
  ...SMALL_HOUSE,
  server: { host: "127.0.0.1", port: 0 },
  channels: { linger_seconds: 600 },
};

beforeAll(async () => {
  mkdirSync(join(folder, "media/One"), { recursive: true });
  const shape = { seconds: 20, fps: rational(30), width: 384, height: 216 };
  await makeFrameNumberClip(join(folder, "media/One"), "numbers.mp4", shape);
  server = await ServerUnderTest.start({ folder: join(folder, "media"), config: CONFIG });
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Waits for the `count`th log line with this message, and returns it. */
async function logged(message: string, count = 1): Promise<Record<string, unknown>> {
  for (let waited = 0; waited < 150 && server.logged(message).length < count; waited++)
    await clock.sleep(100);
  expect(server.logged(message), server.output.slice(-3000)).toHaveLength(count);
  return server.logged(message)[count - 1]!;
}

const REFUSED = "configuration refused, the settings in force stay";

it("takes a changed file by itself and at SIGHUP, and refuses a bad one, while a channel stays on air", async () => {
  const client = await openTs(server.channel(1));
  await client.received(200_000);

  // As an editor does it: a new file takes the place of the old one.
  writeFileSync(`${server.configFile}~`, JSON.stringify({ ...CONFIG, log: { level: "debug" } }));
  await rename(`${server.configFile}~`, server.configFile);
  expect(await logged("configuration reloaded")).toMatchObject({
    reason: "file",
    applied: 1,
    need_restart: 0,
  });
  expect(server.logged("setting applied")).toMatchObject([
    { key: "log.level", before: "info", after: "debug" },
  ]);

  const hostile = [
    '{"log": {"level": "dbug"}}',
    '{"__proto__": {"channels": {"linger_seconds": 1}}}',
    `a: &a [${"*a,".repeat(10_000)}]`,
    `log: {level: ${"x".repeat(10_000_000)}}`,
    "\u0000\u0001[[[{{{",
  ];
  for (const [index, text] of hostile.entries()) {
    writeFileSync(server.configFile, text);
    process.kill(server.pid, "SIGHUP");
    await logged(REFUSED, index + 1);
  }
  expect(server.logged(REFUSED)[0]).toMatchObject({
    code: "config_invalid",
    problems: [expect.stringMatching(/config\.yaml:1: log\.level: .*did you mean debug\?$/)],
  });
  expect(server.logged("configuration reloaded")).toHaveLength(1);

  const port = 8411;
  const after = { ...CONFIG, server: { ...CONFIG.server, port }, channels: { linger_seconds: 0 } };
  writeFileSync(server.configFile, JSON.stringify(after));
  process.kill(server.pid, "SIGHUP");
  expect(await logged("configuration reloaded", 2)).toMatchObject({ applied: 2, need_restart: 1 });
  expect(server.logged("setting needs a restart")).toMatchObject([
    { key: "server.port", in_force: 0, configured: port },
  ]);

  const before = client.bytes;
  await client.received(before + 100_000);
  for (const [message, times] of [
    ["channel on air", 1],
    ["channel off air", 0],
    ["encoder failed; another one takes over", 0],
    ["viewer left", 0],
  ] as const) {
    expect(server.logged(message), message).toHaveLength(times);
  }
  // A tuned channel that had gone off air would be silent for good; other work on the machine counts in, too.
  expect(client.longestSilenceMs).toBeLessThan(5000);
  await client.close();
  // The linger of no time applies; it was ten minutes.
  await logged("channel off air");
  expect(await server.stop("SIGTERM")).toBe(0);
});
