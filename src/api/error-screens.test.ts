import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify from "fastify";
import { afterAll, beforeAll, expect, it, test } from "vitest";
import { likeness } from "../../test/support/similar-pictures.ts";
import { SystemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { rational } from "../base/rational.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import { readPictureHeader } from "../error-screens/picture-header.ts";
import { screensFor } from "../error-screens/screens.fixtures.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { houseFormat } from "../media/house-format.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import { registerErrorScreensApi } from "./error-screens.ts";
import { registerProblems } from "./problems.ts";
import { openManagementScope } from "./scope.ts";

const format = houseFormat({
  ...{ width: 640, height: 360, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 96_000 },
});
const channel: ChannelDefinition = {
  ...{ id: 7, number: 5, name: "Movie Channel", format, openScreens: () => expect.unreachable() },
  schedule: new LoopSchedule([{ mediaId: 1, title: "", facts: {} as MediaFacts, frames: 30 }]),
  open: () => expect.unreachable(),
};
const app = fastify();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-preview-"));
  registerProblems(app, silentLog);
  const screens = screensFor(folder, new SystemClock(), { reasons: { off_air: { title: "Sendepause" } } });
  openManagementScope(app, "localhost", (scope) =>
    registerErrorScreensApi(scope, { channels: { definitions: [channel] }, screens }),
  );
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

function ask(query: Record<string, string>) {
  const url = `/api/error-screens/preview.png?${new URLSearchParams(query)}`;
  return app.inject({ url, headers: { host: "localhost:8411" } });
}

const WORDS = {
  title: "We’ll be right back",
  subtitle: "This programme cannot be shown at the moment",
  timestamp: "false",
};

test("a screen of a channel, in its size, and no file left behind", async () => {
  const { statusCode, headers, rawPayload } = await ask({ channel_id: "7", reason: "off_air" });
  expect([statusCode, headers["content-type"]]).toEqual([200, "image/png"]);
  expect(readPictureHeader(rawPayload)).toEqual({ type: "png", width: 640, height: 360 });
  expect(readdirSync(folder)).toEqual([]);
});

test("what is asked for is what is seen", async () => {
  const slate = await ask({ ...WORDS, channel_id: "7", visual_mode: "slate", error_code: "encoder_failed" });
  const other = await ask({
    ...WORDS,
    channel_id: "7",
    visual_mode: "slate",
    error_code: "encoder_failed",
    accent_color: "red",
  });
  const reference = readFileSync(new URL("../../test/references/error-screens/slate.png", import.meta.url));
  // The reference also tells the time and the return.
  expect((await likeness(slate.rawPayload, other.rawPayload)).worstSsim).toBeGreaterThan(0.999);
  expect((await likeness(slate.rawPayload, reference)).worstColour).toBeLessThan(60);
  const size = await ask({ ...WORDS, width: "320", height: "240" });
  expect(readPictureHeader(size.rawPayload)).toMatchObject({ width: 320, height: 240 });
});

it.each([
  [{ visual_mode: "hologram" }, 400, "error_screen_invalid"],
  [{ background_color: "bluish" }, 400, "error_screen_invalid"],
  [{ font_size: "5000" }, 400, "error_screen_invalid"],
  [{ channel_id: "8" }, 404, "channel_not_found"],
  [{ width: "100000" }, 400, "request_invalid"],
  [{ reason: "boredom" }, 400, "request_invalid"],
  [{ estimated_return: "soon" }, 400, "request_invalid"],
])("%j is answered by %d %s", async (query, status, code) => {
  const answer = await ask(query as Record<string, string>);
  expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
});
