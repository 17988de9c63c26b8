import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UNMATCHED_FILE, UnmatchedFile } from "./unmatched-file.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-unmatched-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("counts go on over restarts, and a save without news writes nothing", async () => {
  const first = await UnmatchedFile.open(join(folder, "data"));
  await first.save();
  expect(readdirSync(folder)).toEqual([]);
  first.lines.add("/srv/secret.mkv: odd 5");
  await Promise.all([first.save(), first.save()]);
  const second = await UnmatchedFile.open(join(folder, "data"));
  second.lines.add("/srv/other.mkv: odd 6");
  await second.save();
  expect(readdirSync(join(folder, "data"))).toEqual([UNMATCHED_FILE]);
  expect(JSON.parse(readFileSync(join(folder, "data", UNMATCHED_FILE), "utf8"))).toEqual({
    version: 1,
    lines: [{ template: "<path>: odd <n>", count: 2 }],
  });
});

test.each([
  "",
  "{",
  '{"version":2,"lines":[]}',
  '{"version":1,"lines":[{"template":1}]}',
  " ".repeat(2 << 20),
])("a damaged file %#: begun anew", async (content) => {
  writeFileSync(join(folder, UNMATCHED_FILE), content);
  const file = await UnmatchedFile.open(folder);
  expect(file.lines.snapshot()).toEqual([]);
  file.lines.add("new");
  await file.save();
  expect((await UnmatchedFile.open(folder)).lines.snapshot()).toEqual([{ template: "new", count: 1 }]);
});

test("a folder that cannot be written is an error with a code", async () => {
  writeFileSync(join(folder, "file"), "");
  const file = await UnmatchedFile.open(join(folder, "file"));
  file.lines.add("new");
  await expect(file.save()).rejects.toMatchObject({ code: "data_folder_unusable" });
});
