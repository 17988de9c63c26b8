import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { ManualClock, SystemClock } from "../base/clock.ts";
import { FileWatch } from "./watch.ts";

const folder = mkdtempSync(path.join(tmpdir(), "exstreamtv-watch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A watch whose file and folder exist in the test alone. */
async function watched() {
  const clock = new ManualClock();
  const state = { content: "a", changes: 0, event: () => undefined as undefined, closed: 0 };
  const watch = new FileWatch({
    file: "/etc/tv/config.yaml",
    clock,
    onChange: () => state.changes++,
    fingerprint: async () => state.content,
    watchFolder: (watchedFolder, onEvent) => {
      expect(watchedFolder).toBe("/etc/tv");
      state.event = () => void onEvent();
      return { close: () => state.closed++ };
    },
  });
  await clock.advance(0);
  return { clock, state, watch };
}

test("a change is told once, when the file has come to rest", async () => {
  const { clock, state } = await watched();
  for (const content of ["", "b", "bc", "bcd"]) {
    state.content = content;
    state.event();
    state.event();
    await clock.advance(250);
    expect(state.changes).toBe(0);
  }
  await clock.advance(600);
  expect(state.changes).toBe(1);
  await clock.advance(60_000);
  expect(state.changes).toBe(1);
});

test("events of neighbours, however many, neither count nor keep a change waiting", async () => {
  const { clock, state } = await watched();
  for (let round = 0; round < 50; round++) {
    state.event();
    await clock.advance(20);
  }
  expect(state.changes).toBe(0);
  state.content = "b";
  for (let round = 0; round < 50; round++) {
    state.event();
    await clock.advance(20);
  }
  expect(state.changes).toBe(1);
});

test("a file that is replaced and put back was not changed; one that goes, and comes, was", async () => {
  const { clock, state } = await watched();
  state.content = "ENOENT";
  state.event();
  await clock.advance(100);
  state.content = "a";
  await clock.advance(1000);
  expect(state.changes).toBe(0);
  for (const content of ["ENOENT", "b"]) {
    state.content = content;
    state.event();
    await clock.advance(1000);
  }
  expect(state.changes).toBe(2);
});

test("where no events come, the file is looked at every five seconds", async () => {
  const { clock, state } = await watched();
  state.content = "b";
  await clock.advance(4999);
  expect(state.changes).toBe(0);
  await clock.advance(301);
  expect(state.changes).toBe(1);
});

test("after its end nothing is told, and no timer is left", async () => {
  const { clock, state, watch } = await watched();
  state.content = "b";
  state.event();
  await clock.advance(100);
  watch.close();
  await clock.advance(60_000);
  expect([state.changes, state.closed, clock.pending]).toEqual([0, 1, 0]);
});

test("real files: written in place, replaced by renaming, removed; a folder that is not there", async () => {
  const file = path.join(folder, "config.yaml");
  writeFileSync(file, "a: 1\n");
  const clock = new SystemClock();
  let changed = Promise.withResolvers<void>();
  const watch = new FileWatch({ file, clock, onChange: () => changed.resolve() });
  const edits = [
    () => writeFileSync(file, "a: 22\n"),
    () => {
      writeFileSync(`${file}.new`, "a: 333\n");
      renameSync(`${file}.new`, file);
    },
    () => rmSync(file),
    () => writeFileSync(file, "a: 1\n"),
  ];
  // The state before the first edit is remembered asynchronously.
  await clock.sleep(50);
  for (const edit of edits) {
    changed = Promise.withResolvers<void>();
    edit();
    await changed.promise;
  }
  watch.close();
  const nowhere = new FileWatch({
    file: path.join(folder, "no/config.yaml"),
    clock,
    onChange: () => undefined,
  });
  nowhere.close();
}, 30_000);
