import { expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { LineReader } from "./lines.ts";
import { ProgressMeter } from "./progress.ts";

test("advances when a value grows, not when a line arrives", async () => {
  const clock = new ManualClock();
  const meter = new ProgressMeter(clock);
  await clock.advance(10);
  for (const line of ["frame=0", "out_time_us=N/A", "out_time_us=-9223372036854775807", "speed=1x", "junk"]) {
    meter.take(line);
  }
  expect(meter).toMatchObject({ frame: 0, outTimeUs: 0, advancedAtMs: 0 });
  meter.take("out_time_us=1500000");
  expect(meter).toMatchObject({ frame: 0, outTimeUs: 1_500_000, advancedAtMs: 10 });
  await clock.advance(10);
  meter.take("out_time_us=1500000");
  meter.take("progress=continue");
  expect(meter.advancedAtMs).toBe(10);
  meter.take("frame=   12");
  expect(meter).toMatchObject({ frame: 12, advancedAtMs: 20 });
});

test("lines are cut at both line ends, whatever the pieces, and bounded", () => {
  const lines: string[] = [];
  const reader = new LineReader(5, (line) => lines.push(line));
  for (const piece of ["a", "b\rc", "\r\n", "\n", "123", "4567", "89\nlast"]) reader.push(piece);
  reader.end();
  reader.end();
  expect(lines).toEqual(["ab", "c", "12345", "last"]);
});
