import { expect, it } from "vitest";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import type { Gop } from "../media/gop.ts";
import { BurnInChoice } from "./burn-in-choice.ts";
import type { PlayItem } from "./source.ts";
import type { PreparedSubtitle } from "./subtitle-files.ts";

const PREPARED: PreparedSubtitle = { kind: "text", file: "subtitles/a.ass", plain: false };
const FILM: PlayItem = {
  ...{ mediaId: 1, title: "Film", frames: 100, facts: { path: "/m/film.mkv" } as MediaFacts },
  subtitle: { key: "a", kind: "text", track: { index: 2, codec: "ass" } },
};

function bench(prepared?: PreparedSubtitle) {
  const news: string[] = [];
  const choice = new BurnInChoice({ find: () => prepared }, ({ reason }) => news.push(reason));
  /** Runs to the first Gop or failure; tells whether subtitles were in it. */
  const run = async (outcome: "gop" | "failure", startFrame = 25, item = FILM): Promise<boolean> => {
    let shown = false;
    const source = choice.open(item, { startFrame }, (subtitle) => {
      shown = subtitle !== undefined;
      return {
        next: async () => {
          if (outcome === "failure") throw new Error("died");
          return {} as Gop;
        },
        close: async () => {},
      };
    });
    await source.next().catch(() => undefined);
    return shown;
  };
  return { run, news };
}

it("shows what is prepared, and keeps to it when an encoder dies", async () => {
  const { run, news } = bench(PREPARED);
  expect(await run("gop", 0)).toBe(true);
  for (let death = 0; death < 5; death++) {
    expect(await run("failure")).toBe(true);
    expect(await run("gop")).toBe(true);
  }
  expect(news).toEqual([]);
});

it("gives up subtitles rather than the film when runs with them fail in a row, until the next airing", async () => {
  const { run, news } = bench(PREPARED);
  expect(await run("failure")).toBe(true);
  expect(await run("failure")).toBe(true);
  expect(await run("gop")).toBe(false);
  expect(await run("failure")).toBe(false);
  expect(news).toEqual(["encoders fail with them", "encoders fail with them"]);
  expect(await run("gop", 0)).toBe(true);
});

it("says when they are not prepared, and nothing of items without any", async () => {
  const { run, news } = bench();
  expect(await run("gop", 0, { ...FILM, subtitle: undefined })).toBe(false);
  expect(news).toEqual([]);
  expect(await run("gop", 0)).toBe(false);
  expect(news).toEqual(["they are not prepared"]);
});
