import fastify from "fastify";
import { expect, test } from "vitest";
import { silentLog } from "../base/log.ts";
import { rational } from "../base/rational.ts";
import type { ChannelDefinition } from "../channels/channel.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { houseFormat } from "../media/house-format.ts";
import { LoopSchedule } from "../playout/loop-schedule.ts";
import { registerMediaApi } from "./media.ts";
import { registerProblems } from "./problems.ts";
import { openManagementScope } from "./scope.ts";

const format = houseFormat({
  ...{ width: 640, height: 360, fps: rational(25), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 96_000 },
});
const facts = { path: "/secret/place/a.mp4" } as MediaFacts;
const channel = (id: number, number: number, ...ids: number[]): ChannelDefinition => ({
  ...{ id, number, name: `Channel ${number}`, format, openScreens: () => expect.unreachable() },
  schedule: new LoopSchedule(
    ids.map((mediaId) => ({ mediaId, title: `File ${mediaId}`, facts, frames: mediaId * 25 + 5 })),
  ),
  open: () => expect.unreachable(),
});

async function ask(query: string) {
  const app = fastify();
  registerProblems(app, silentLog);
  const channels = { definitions: [channel(7, 12, 1, 4), channel(3, 2, 9, 8, 5)] };
  openManagementScope(app, "0.0.0.0", (scope) => registerMediaApi(scope, { channels }));
  const answer = await app.inject({ url: `/api/media${query}`, headers: { host: "localhost:8411" } });
  await app.close();
  return answer;
}

test("lists files by channel, in the order in which they are played, without their places", async () => {
  const answer = await ask("");
  expect(answer.json().total).toBe(5);
  expect(answer.json().media.map(({ id }: { id: number }) => id)).toEqual([9, 8, 5, 1, 4]);
  expect(answer.json().media[0]).toEqual({
    ...{ id: 9, title: "File 9", channel_id: 3, channel_number: 2, duration_seconds: 9.2 },
  });
  expect(answer.body).not.toContain("secret");
});

test.each([
  ["?limit=2", 5, [9, 8]],
  ["?limit=2&offset=3", 5, [1, 4]],
  ["?offset=9", 5, []],
  ["?channel_id=7", 2, [1, 4]],
  ["?channel_id=99", 0, []],
])("in pages, and of one channel: %s", async (query, total, ids) => {
  const { total: told, media } = (await ask(query)).json();
  expect([told, media.map(({ id }: { id: number }) => id)]).toEqual([total, ids]);
});

test.each(["?limit=0", "?limit=1001", "?offset=-1", "?channel_id=x"])("refuses %s", async (query) => {
  expect((await ask(query)).json()).toMatchObject({ status: 400, code: "request_invalid" });
});
