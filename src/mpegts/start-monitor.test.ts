import { expect, test } from "vitest";
import { StartMonitor } from "./start-monitor.ts";

const PMT = 0x1000;
const VIDEO = 0x100;
const AUDIO = 0x101;

function order(pids: readonly number[], options: { start?: boolean; hasPayload?: boolean } = {}) {
  const monitor = new StartMonitor();
  for (const pid of pids) monitor.push(pid, options.hasPayload ?? true, PMT, VIDEO, options.start ?? true);
  return monitor;
}

test.each([
  ["PAT, PMT, video", [0, PMT, VIDEO], true],
  ["null packets and other tables between", [0x1fff, 0x11, 0, 0x1fff, PMT, 0x11, 0, PMT, VIDEO], true],
  ["no PAT", [PMT, VIDEO], false],
  ["no PMT", [0, VIDEO], false],
  ["audio first", [0, PMT, AUDIO, VIDEO], false],
  ["nothing yet", [0, PMT], undefined],
])("%s", (_, pids, inOrder) => {
  expect(order(pids).inOrder).toBe(inOrder);
  expect(order(pids).firstPids).toEqual(pids);
});

test("the picture must begin in its first packet; packets without payload do not count", () => {
  expect(order([0, PMT, VIDEO], { start: false }).inOrder).toBe(false);
  expect(order([0, PMT, VIDEO], { hasPayload: false }).inOrder).toBeUndefined();
});

test("sixteen PIDs are kept", () => {
  const monitor = order([0, PMT, ...new Array(30).fill(VIDEO)]);
  expect(monitor.firstPids).toHaveLength(16);
  expect(monitor.decided).toBe(true);
});
