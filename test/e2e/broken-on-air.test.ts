import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "exstreamtv-broken-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lengths of the runs of frames that show a clip (its hundreds of thousands … by `firstNumber`) or the standby. */
function runs(numbers: readonly number[]): { shows: string; frames: number }[] {
  const found: { shows: string; frames: number }[] = [];
  for (const number of numbers) {
    const shows = number < 0 ? "standby" : number < 10_000 ? "first" : "last";
    const current = found.at(-1);
    if (current?.shows === shows) current.frames++;
    else found.push({ shows, frames: 1 });
  }
  return found;
}

describe("files that break after they were found", () => {
  it("are replaced by an error screen for exactly their time; the schedule's clock is kept", async () => {
    const channel = join(folder, "media", "Fragile");
    mkdirSync(channel, { recursive: true });
    const shape = { fps: rational(30), width: 384, height: 216 };
    await makeFrameNumberClip(channel, "1.mp4", { ...shape, seconds: 6 });
    await makeFrameNumberClip(channel, "2.mp4", { ...shape, seconds: 8.5 });
    await makeFrameNumberClip(channel, "3.mp4", { ...shape, seconds: 7.3 });
    await makeFrameNumberClip(channel, "4.mp4", { ...shape, seconds: 6, firstNumber: 20_000 });
    await using server = await ServerUnderTest.start({ folder: join(folder, "media"), config: SMALL_HOUSE });
    writeFileSync(join(channel, "2.mp4"), "no longer a film");
    truncateSync(join(channel, "3.mp4"), 0);

    const capture = join(folder, "capture.ts");
    const report = await tsprobe(server.channel(1), { seconds: 62, save: capture });
    expectSeamless(report);
    await expectSilentDecode(capture);
    const numbers = await readFrameNumbers(capture);
    // The first and the last run are cut off by the capture.
    const whole = runs(numbers).slice(1, -1);
    expect(whole.length).toBeGreaterThanOrEqual(4);
    const planned = { first: 180, standby: 255 + 219, last: 180 };
    for (const { shows, frames } of whole)
      expect([shows, frames]).toEqual([shows, planned[shows as keyof typeof planned]]);
    expect(
      server.logged("programme given up; error screen until the next one").length,
    ).toBeGreaterThanOrEqual(2);
    expect(server.logged("viewer left").length).toBe(1);
  });
});
