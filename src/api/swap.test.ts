import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import { ChannelManager } from "../channels/channel-manager.ts";
import { format, item, OneScreen, Studio } from "../channels/studio.fixtures.ts";
import { SwapControl } from "../channels/swap-control.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { houseFormat, withTotalRate } from "../media/house-format.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import { planItem } from "../source/open-encoder.ts";
import { settingsOf } from "../throttle/settings.fixtures.ts";
import { registerProblems } from "./problems.ts";
import { openManagementScope } from "./scope.ts";
import { registerSwapApi } from "./swap.ts";

const SECONDS = 600;

let folder: string;
let clock: ManualClock;
let studio: Studio;
let manager: ChannelManager;
let app: FastifyInstance;
let isEnabled: boolean;
let probed: string[];
let probe: (path: string, signal: AbortSignal) => Promise<MediaFacts>;

function factsOf(path: string, durationSeconds: number): MediaFacts {
  return { path, durationSeconds, audioStreams: [], subtitleStreams: [] } as unknown as MediaFacts;
}

function definition(id: number, ...items: string[]): ChannelDefinition {
  const media = items.map((title) => ({
    ...item(title, SECONDS * 30),
    facts: factsOf(join(folder, "media", `${title}.mp4`), SECONDS),
  }));
  return {
    ...{ id, number: id + 10, name: `Channel ${id}`, format, open: studio.open },
    ...{ schedule: new LoopSchedule(media), openScreens: () => new OneScreen() },
  };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-swap-api-"));
  for (const path of ["media/sub", "outside"]) mkdirSync(join(folder, path), { recursive: true });
  for (const path of ["media/film.mp4", "media/sub/new.mp4", "outside/secret.mp4"])
    writeFileSync(join(folder, path), "x");
  symlinkSync(join(folder, "outside"), join(folder, "media", "link"));
  symlinkSync(join(folder, "outside", "secret.mp4"), join(folder, "media", "link.mp4"));
  clock = new ManualClock();
  studio = new Studio(clock);
  isEnabled = true;
  probed = [];
  probe = async (path) => {
    probed.push(path);
    return factsOf(path, 700);
  };
  manager = new ChannelManager({
    settings: { leadMs: 8000, ringMs: 12_000, startTicks: 0, clock, random: () => 0.5 },
    throttleOf: () => settingsOf("burst"),
    ...{ lingerMs: 0, onEvent: () => {} },
  });
  manager.add(definition(1, "film", "second film"));
  manager.add(definition(2, "spare"));
  const swaps = new SwapControl({
    ...{ channels: manager, isEnabled: () => isEnabled, mediaFolder: join(folder, "media") },
    ...{ probe: (path, signal) => probe(path, signal), plan: planItem },
  });
  app = fastify();
  registerProblems(app, silentLog);
  openManagementScope(app, "0.0.0.0", (scope) => registerSwapApi(scope, { swaps }));
  manager.hold(11);
  await clock.advance(12_000);
});

afterEach(async () => {
  await app.close();
  await Promise.all([manager.close(), clock.advance(10_000)]);
  expect(studio.opened.filter(({ closed }) => !closed)).toEqual([]);
  expect(clock.pending).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

/** Asks for a swap, and lets time pass until there is an answer. */
async function swap(payload: object, id: number | string = 1) {
  let isOver = false;
  const asking = app
    .inject({
      ...{ method: "POST", url: `/api/channels/${id}/swap`, payload },
      headers: { host: "localhost:8411" },
    })
    .finally(() => {
      isOver = true;
    });
  for (let waited = 0; !isOver && waited < 2_000; waited++) await clock.advance(40);
  const answer = await asking;
  return { status: answer.statusCode, ...answer.json() };
}

test("a new encoder, another profile and another file take over; the answer says when and what", async () => {
  const usual = { title: "film", media_id: 4, profile: "usual" };
  const restarted = await swap({ restart: true });
  expect(restarted).toEqual({
    ...{ status: 200, channel_id: 1, outcome: "swapped", from: usual, to: usual },
    ...{ frame: expect.any(Number), on_air_at: expect.any(String), preparation_seconds: expect.any(Number) },
  });
  // Behind what waits in the lead.
  const waitMs = Date.parse(restarted.on_air_at) - clock.wallNow();
  expect(waitMs).toBeGreaterThan(6_000);
  expect(waitMs).toBeLessThan(9_000);
  expect(await swap({ profile: "safe" })).toMatchObject({ to: { ...usual, profile: "safe" } });
  expect(await swap({ media_id: 5, at: "now" })).toMatchObject({
    ...{ outcome: "swapped", from: { profile: "safe" }, to: { ...usual, title: "spare", media_id: 5 } },
  });
});

test("a file in the media folder is looked into first, unless it is in the library", async () => {
  const wish = { path: "sub/new.mp4" };
  expect(await swap(wish)).toMatchObject({ outcome: "swapped", to: { title: "new", media_id: null } });
  expect(probed).toEqual([join(folder, "media", "sub", "new.mp4")]);
  expect(await swap({ path: join(folder, "media", "film.mp4") })).toMatchObject({ to: { media_id: 4 } });
  expect(probed).toHaveLength(1);
  probe = async () => {
    throw new AppError("media_unreadable", "The file is empty.");
  };
  expect(await swap(wish)).toMatchObject({ status: 422, code: "media_unreadable" });
});

test("what lies outside the media folder is refused in the same words as what does not exist", async () => {
  const paths = [
    ...["../outside/secret.mp4", "sub/../../outside/secret.mp4", join(folder, "outside", "secret.mp4")],
    ...["link.mp4", "link/secret.mp4", "none.mp4", ".", "", "a\0b", "../media-not/x"],
  ];
  const answers = [];
  for (const path of paths.slice(0, 6)) answers.push(await swap({ path }));
  expect(new Set(answers.map(({ status, code, detail }) => `${status} ${code} ${detail}`)).size).toBe(1);
  expect(answers[0]).toMatchObject({ status: 422, code: "swap_path_refused" });
  for (const path of paths.slice(6)) expect([400, 422]).toContain((await swap({ path })).status);
  expect(probed).toEqual([]);
});

test("what is too short is refused with what can be done", async () => {
  probe = async (path) => factsOf(path, 60);
  const answer = await swap({ path: "sub/new.mp4", start_seconds: 0 });
  expect(answer).toMatchObject({ status: 422, code: "swap_too_short" });
  expect(answer.detail).toMatch(/“new” lasts 60\.0 s, .* until “film” ends\. Choose a longer file/);
  probe = async (path) => factsOf(path, 599);
  // A second is held as a still.
  expect(await swap({ path: "sub/new.mp4" })).toMatchObject({ outcome: "swapped" });
  expect((await swap({ path: "sub/new.mp4", start_seconds: 500 })).detail).toMatch(
    /start_seconds of at most/,
  );
});

test("an earlier wish is answered when a later one takes its place, also while its file is looked into", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  probe = async (path, signal) => {
    signal.addEventListener("abort", () => resolve());
    await promise;
    return factsOf(path, 700);
  };
  const [first, second] = await Promise.all([swap({ path: "sub/new.mp4" }), swap({ restart: true })]);
  expect(first).toMatchObject({ status: 200, outcome: "superseded", to: null });
  expect(second).toMatchObject({ outcome: "swapped" });
});

test("what was on goes on when nothing comes, and the answer says why", async () => {
  const never = new Promise<void>(() => {});
  studio.onGop = ({ title }) => (title === "spare" ? never : undefined);
  expect(await swap({ media_id: 5, deadline_seconds: 3 })).toMatchObject({
    ...{ outcome: "kept", from: { title: "film" }, to: { title: "spare" } },
    reason: { class: "not_ready", sentence: "Nothing came of it within 3 s." },
  });
});

test("refuses what cannot be", async () => {
  for (const [wish, id, status, code] of [
    [{ restart: true }, 2, 409, "channel_off_air"],
    [{ restart: true }, 3, 404, "channel_not_found"],
    [{ restart: true }, "x", 400, "request_invalid"],
    [{ media_id: 99 }, 1, 404, "media_not_found"],
    [{ url: "plugin://a" }, 1, 422, "swap_url_unsupported"],
    [{ restart: true, media_id: 4 }, 1, 400, "request_invalid"],
    [{ profile: "fast" }, 1, 400, "request_invalid"],
    [{ restart: true, deadline_seconds: 61 }, 1, 400, "request_invalid"],
    [{ restart: true, start_seconds: 3 }, 1, 400, "request_invalid"],
    [{}, 1, 400, "request_invalid"],
  ] as const) {
    expect([wish, await swap(wish, id)]).toMatchObject([wish, { status, code }]);
  }
  isEnabled = false;
  const disabled = await swap({ restart: true });
  expect(disabled).toMatchObject({ status: 409, code: "swap_disabled" });
  expect(disabled.detail).toContain("ai_auto_heal.hot_swap_enabled");
});

test("another definition takes over on air, in the same house format only", async () => {
  const edited = definition(1, "spare");
  const answered = manager.replace(edited);
  expect(manager.find(11)).toBe(edited);
  await clock.advance(5_000);
  expect(await answered).toMatchObject({ outcome: "swapped", to: { title: "spare" } });
  await clock.advance(10_000);
  expect(manager.onAir[0]?.onNow.item.title).toBe("spare");
  expect(manager.onAir[0]?.definition).toBe(edited);
  // Another rate is the same house.
  const slower = { ...definition(1, "film"), format: withTotalRate(format, 700_000) };
  expect(manager.replace(slower)).toBeDefined();
  const { fps } = format;
  const large = houseFormat({
    ...{ width: 640, height: 360, fps, gopSeconds: 1, totalBps: 1_000_000, audioBps: 96_000 },
  });
  expect(() => manager.replace({ ...definition(1, "film"), format: large })).toThrow(/house format/);
  expect(manager.find(11)).toBe(slower);
  // Off air anything goes.
  expect(manager.replace({ ...definition(2, "film"), format: large })).toBeUndefined();
});
