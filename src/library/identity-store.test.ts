import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { FileIdentityStore } from "./identity-store.ts";

let folder: string;
let warnings: object[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-identity-"));
  warnings = [];
});
afterEach(() => rm(folder, { recursive: true }));

const open = (where = folder) => FileIdentityStore.open(where, { warn: (details) => warnings.push(details) });
const file = () => join(folder, "library.json");

const facts: MediaFacts = {
  path: "/m/a.mp4",
  sizeBytes: 10,
  mtimeMs: 1234.5678,
  demuxer: "mov",
  durationSeconds: 60.25,
  startSeconds: 0,
  audioStreams: [],
  subtitleStreams: [],
};

test("numbers last over restarts and count channels and media apart", async () => {
  const first = await open(join(folder, "new", "data"));
  expect(["b", "a", "b"].map((key) => first.channelId(key))).toEqual([1, 2, 1]);
  expect(["__proto__", "b/1.mp4"].map((key) => first.mediaId(key))).toEqual([1, 2]);
  await first.save();
  const second = await open(join(folder, "new", "data"));
  expect(["a", "c", "b"].map((key) => second.channelId(key))).toEqual([2, 3, 1]);
  expect(second.mediaId("__proto__")).toBe(1);
  expect(warnings).toEqual([]);
});

test("a number is never given again, also when its entry is gone from the file", async () => {
  const store = await open();
  for (const key of ["a", "b", "c"]) store.channelId(key);
  await store.save();
  const stored = JSON.parse(await readFile(file(), "utf8"));
  stored.channels.entries.pop();
  await writeFile(file(), JSON.stringify(stored));
  expect((await open()).channelId("d")).toBe(4);
});

test("facts are found again at the same size and time only", async () => {
  const store = await open();
  store.putFacts(facts);
  await store.save();
  const again = await open();
  expect(again.facts("/m/a.mp4", 10, 1234.5678)).toEqual(facts);
  expect(again.facts("/m/a.mp4", 11, 1234.5678)).toBeUndefined();
  expect(again.facts("/m/a.mp4", 10, 1234)).toBeUndefined();
  expect(again.facts("/m/b.mp4", 10, 1234.5678)).toBeUndefined();
});

test("facts of another version are forgotten, numbers kept", async () => {
  const store = await open();
  store.channelId("a");
  store.channelId("b");
  store.putFacts(facts);
  await store.save();
  const stored = JSON.parse(await readFile(file(), "utf8"));
  await writeFile(
    file(),
    JSON.stringify({ ...stored, factsVersion: 0, facts: [{ ...facts, path: "/m/b.mp4" }] }),
  );
  const again = await open();
  expect(again.channelId("b")).toBe(2);
  expect(again.facts("/m/b.mp4", 10, 1234.5678)).toBeUndefined();
});

test.each([
  ["cut off", '{"version":1,"channels":{"next":2,"entr'],
  ["empty", ""],
  ["of another shape", '{"version":1,"channels":[]}'],
  [
    "contradictory",
    '{"version":1,"channels":{"next":3,"entries":[["a",1],["b",1]]},"media":{"next":1,"entries":[]},"factsVersion":1,"facts":[]}',
  ],
])("a file that is %s is set aside", async (_, content) => {
  await writeFile(file(), content);
  await writeFile(`${file()}.corrupt-1`, "an earlier one");
  const store = await open();
  expect(warnings).toEqual([{ path: file(), setAsideAs: `${file()}.corrupt-2` }]);
  expect(await readFile(`${file()}.corrupt-2`, "utf8")).toBe(content);
  expect(store.channelId("a")).toBe(1);
  await store.save();
  expect((await open()).channelId("a")).toBe(1);
  expect(await readFile(`${file()}.corrupt-1`, "utf8")).toBe("an earlier one");
});

test("a file of a later version is left alone", async () => {
  await writeFile(file(), '{"version":2}');
  await expect(open()).rejects.toMatchObject({ code: "data_folder_unusable" });
  expect(await readFile(file(), "utf8")).toBe('{"version":2}');
});

test("saves that overlap, or have nothing to do, leave one whole file", async () => {
  const store = await open();
  await store.save();
  expect(await readdir(folder)).toEqual([]);
  const saves = Array.from({ length: 20 }, (_, number) => {
    store.mediaId(`file ${number}`);
    return store.save();
  });
  await Promise.all(saves);
  expect(await readdir(folder)).toEqual(["library.json"]);
  expect((await open()).mediaId("file 19")).toBe(20);
});

test("a data folder that cannot be used is named", async () => {
  await writeFile(join(folder, "plain"), "");
  await expect(open(join(folder, "plain"))).rejects.toMatchObject({
    code: "data_folder_unusable",
    message: expect.stringContaining(join(folder, "plain")),
  });
});

test("a save that fails is reported and can be repeated", async () => {
  const store = await open(join(folder, "data"));
  store.channelId("a");
  await rm(join(folder, "data"), { recursive: true });
  await expect(store.save()).rejects.toMatchObject({ code: "data_folder_unusable" });
  await mkdir(join(folder, "data"));
  await store.save();
  expect((await open(join(folder, "data"))).channelId("b")).toBe(2);
});
