import fc from "fast-check";
import { expect, test } from "vitest";
import { hasMediaExtension, isHidden, MEDIA_EXTENSIONS, titleFromFileName } from "./media-files.ts";
import { compareNatural, compareNaturalPaths } from "./natural-order.ts";

test("numbers count as numbers, case does not count", () => {
  const names = ["Episode 10", "episode 2", "Episode 1", "Ångström", "a", "B", "A"];
  expect(names.sort(compareNatural)).toEqual([
    ...["A", "a", "Ångström", "B", "Episode 1", "episode 2", "Episode 10"],
  ]);
});

test("paths are compared folder by folder", () => {
  const paths = [
    "Season 2 Extras/1.mp4",
    "Season 10/1.mp4",
    "Season 2/10.mp4",
    "Season 2/9.mp4",
    "Season 2/x/1.mp4",
  ];
  expect(paths.sort(compareNaturalPaths)).toEqual([
    ...["Season 2/9.mp4", "Season 2/10.mp4", "Season 2/x/1.mp4", "Season 2 Extras/1.mp4", "Season 10/1.mp4"],
  ]);
  expect(compareNaturalPaths("a", "a/b")).toBeLessThan(0);
});

test("both are total orders", () => {
  const name = fc.string({ unit: "grapheme", maxLength: 8 });
  for (const compare of [compareNatural, compareNaturalPaths]) {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) || 0);
        expect(compare(a, b) === 0).toBe(a === b);
        const [x, y, z] = [a, b, c].sort(compare);
        expect(compare(x!, y!)).toBeLessThanOrEqual(0);
        expect(compare(x!, z!)).toBeLessThanOrEqual(0);
      }),
    );
  }
});

test.each([
  ["The.Big.Show.S01E02.1080p.WEB-DL.x264-GROUP.mkv", "The Big Show S01E02"],
  ["Metropolis (1927) [1080p] {edition-restored}.mkv", "Metropolis (1927)"],
  ["A Film (1999) (720p BluRay).mp4", "A Film (1999)"],
  ["[Group] Some Show - 01 [ABCD1234].mkv", "Some Show - 01"],
  ["Mr. Robot 2.mkv", "Mr. Robot 2"],
  ["home_video_03.mov", "home video 03"],
  ["1080p.mp4", "1080p"],
  ["[x].mp4", "[x]"],
  ["07.mp3", "07"],
  ["Ünïcödé 日本語.mp4", "Ünïcödé 日本語"],
])("the title of %s is %s", (name, title) => {
  expect(titleFromFileName(name)).toBe(title);
});

test("what a scan looks at", () => {
  for (const extension of MEDIA_EXTENSIONS)
    expect(hasMediaExtension(`-x${extension.toUpperCase()}`)).toBe(true);
  for (const name of ["a.txt", "a.srt", "a.jpg", "a.nfo", "a.m3u", "mp4", "a.mp4.part"]) {
    expect(hasMediaExtension(name)).toBe(false);
  }
  for (const name of [".a.mp4", "._a.mp4", "@eaDir", "lost+found"]) expect(isHidden(name)).toBe(true);
});
