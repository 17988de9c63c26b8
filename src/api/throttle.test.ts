import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "../base/log.ts";
import { rational } from "../base/rational.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import { ThrottleControl } from "../channels/throttle-control.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { houseFormat } from "../media/house-format.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import { openThrottleOverrides } from "../throttle/override-store.ts";
import { settingsOf } from "../throttle/settings.fixtures.ts";
import { ThrottlePlan } from "../throttle/throttle-plan.ts";
import { registerProblems } from "./problems.ts";
import { openManagementScope } from "./scope.ts";
import { registerThrottleApi } from "./throttle.ts";

const format = houseFormat({
  ...{ width: 640, height: 360, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 96_000 },
});
const item = { mediaId: 1, title: "A", facts: {} as MediaFacts, frames: 1200 };
const channel = (id: number): ChannelDefinition => ({
  ...{ id, number: id + 10, name: `Channel ${id}`, format, openScreens: () => expect.unreachable() },
  ...{ schedule: new LoopSchedule([item]), open: () => expect.unreachable() },
});

let folder: string;
let app: FastifyInstance;
let applied: (number | undefined)[];
let control: ThrottleControl;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-throttle-"));
  applied = [];
  await start();
});

afterEach(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<string[]> {
  const warnings: string[] = [];
  const log = { warn: (_: object, message: string) => void warnings.push(message) };
  const plan = new ThrottlePlan(settingsOf("realtime"), await openThrottleOverrides(folder, log));
  control = new ThrottleControl(plan, {
    definitions: [channel(3), channel(7)],
    applyThrottle: (id) => void applied.push(id),
  });
  app = fastify();
  registerProblems(app, silentLog);
  openManagementScope(app, "0.0.0.0", (scope) => registerThrottleApi(scope, { throttle: control }));
  return warnings;
}

const url = (id: number | string) => `/api/channels/${id}/throttle`;
const headers = { host: "localhost:8411" };
const get = async (id: number | string) => (await app.inject({ url: url(id), headers })).json();
const put = async (id: number, payload: object) =>
  (await app.inject({ method: "PUT", url: url(id), payload, headers })).json();

const configuration = { mode: "realtime", target_bitrate_bps: 4_000_000 };

test("a channel follows the configuration until it has something of its own, and again after null", async () => {
  const untouched = {
    ...{ channel_id: 3, ...configuration, configuration },
    from: { mode: "configuration", target_bitrate_bps: "configuration" },
  };
  expect(await get(3)).toEqual(untouched);
  expect(await put(3, { mode: "burst" })).toEqual({
    ...{ ...untouched, mode: "burst", from: { ...untouched.from, mode: "channel" } },
  });
  expect(await put(3, { target_bitrate_bps: 3_000_000 })).toMatchObject({
    ...{ mode: "burst", target_bitrate_bps: 3_000_000 },
    from: { mode: "channel", target_bitrate_bps: "channel" },
  });
  expect(await get(7), "the other one").toEqual({ ...untouched, channel_id: 7 });
  control.configure(settingsOf("adaptive", 5_000_000));
  expect(await put(3, { mode: null })).toMatchObject({
    ...{ mode: "adaptive", target_bitrate_bps: 3_000_000 },
    from: { mode: "configuration", target_bitrate_bps: "channel" },
  });
  expect(await put(3, {})).toMatchObject({ target_bitrate_bps: 3_000_000 });
  expect(applied, "to the channel, and to all at a reload").toEqual([3, 3, undefined, 3, 3]);
});

test("what a channel has of its own outlives the server", async () => {
  await Promise.all([
    put(3, { mode: "disabled" }),
    put(7, { target_bitrate_bps: 1_500_000 }),
    put(3, { target_bitrate_bps: 2_500_000 }),
  ]);
  await app.close();
  expect(await start()).toEqual([]);
  expect(await get(3)).toMatchObject({ mode: "disabled", target_bitrate_bps: 2_500_000 });
  expect(await get(7)).toMatchObject({ mode: "realtime", target_bitrate_bps: 1_500_000 });
  await put(3, { mode: null, target_bitrate_bps: null });
  expect(JSON.parse(readFileSync(join(folder, "throttle.json"), "utf8"))).toEqual({
    ...{ version: 1, channels: { 7: { target_bitrate_bps: 1_500_000 } } },
  });
});

test.each([
  "",
  "{",
  "null",
  '{"version": 1, "channels": {"3": {"mode": "fast"}}}',
  '{"version": 1, "channels": {"3": {"target_bitrate_bps": 1}}}',
  '{"version": 1, "channels": {"__proto__": {"mode": "burst"}, "x": {}}}',
])("a damaged file is set aside and reported: %s", async (text) => {
  await app.close();
  writeFileSync(join(folder, "throttle.json"), text);
  expect(await start()).toEqual([expect.stringContaining("channels follow the configuration")]);
  expect(await get(3)).toMatchObject(configuration);
  expect(readdirSync(folder)).toEqual(["throttle.json.corrupt-1"]);
  expect(await put(3, { mode: "burst" })).toMatchObject({ mode: "burst" });
});

test("what cannot be is refused, and changes nothing", async () => {
  for (const [id, body, status, code, field] of [
    [3, { mode: "fast" }, 400, "request_invalid", "mode"],
    [3, { target_bitrate_bps: 1 }, 400, "request_invalid", "target_bitrate_bps"],
    [3, { target_bitrate_bps: "4000000" }, 400, "request_invalid", "target_bitrate_bps"],
    [3, { rate: 1 }, 400, "request_invalid", "rate"],
    [99, { mode: "burst" }, 404, "channel_not_found", "GET /api/channels"],
  ] as const) {
    const answer = await put(id, body);
    expect(answer).toMatchObject({ status, code, detail: expect.stringContaining(field) });
  }
  expect(await get("x")).toMatchObject({ code: "request_invalid" });
  expect(await get(99)).toMatchObject({ code: "channel_not_found" });
  expect(await get(3)).toMatchObject(configuration);
  expect(applied).toEqual([]);
});

test("a change that cannot be kept is not made", async () => {
  rmSync(folder, { recursive: true });
  expect(await put(3, { mode: "burst" })).toMatchObject({ status: 500, code: "data_folder_unusable" });
  expect(await get(3)).toMatchObject(configuration);
});
