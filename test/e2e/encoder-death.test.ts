import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const KILLS = 20;
const STOPS = 3;
const CLIP_FRAMES = 1350;
const clock = new SystemClock();
const random = seededRandom(20);
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-death-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an encoder's death", () => {
  it("is seen by nobody: twenty SIGKILL and three SIGSTOP, and not a frame is missing or repeated", async () => {
    mkdirSync(join(folder, "media", "Numbers"), { recursive: true });
    const shape = { seconds: CLIP_FRAMES / 30, fps: rational(30), width: 384, height: 216, noisy: true };
    await makeFrameNumberClip(join(folder, "media", "Numbers"), "numbers.mp4", shape);
    await using server = await ServerUnderTest.start({ folder: join(folder, "media"), config: SMALL_HOUSE });

    const capture = join(folder, "capture.ts");
    // Each death lets the successor deliver a Gop before the next one; a stop is noticed after two seconds.
    const seconds = 10 + KILLS * 3 + STOPS * 8;
    const watching = tsprobe(server.channel(1), { seconds, save: capture });
    const signals = [
      ...Array<NodeJS.Signals>(KILLS).fill("SIGKILL"),
      ...Array<NodeJS.Signals>(STOPS).fill("SIGSTOP"),
    ];
    await clock.sleep(3000);
    let sent = 0;
    for (const signal of signals) {
      await clock.sleep((signal === "SIGSTOP" ? 6000 : 1500) + random() * 1500);
      // For a moment there may be none: one programme's is done, and its pipe holds what is left to be fed.
      let encoders = await server.encoders();
      for (; encoders.length === 0; encoders = await server.encoders()) await clock.sleep(50);
      process.kill(encoders[Math.floor(random() * encoders.length)]!, signal);
      sent++;
    }
    const report = await watching;
    expect(sent).toBe(KILLS + STOPS);
    expectSeamless(report);
    expect(report.closed_early).toBe(false);
    expect(server.logged("encoder failed; another one takes over").length).toBeGreaterThanOrEqual(
      KILLS + STOPS - 2,
    );
    expect(server.logged("error screen on air").filter(({ reason }) => reason !== "loading")).toEqual([]);
    // That the one viewer has gone shows when it is written to.
    for (let waited = 0; waited < 100 && server.logged("viewer left").length === 0; waited++)
      await clock.sleep(50);
    expect(server.logged("viewer left").length).toBe(1);

    await expectSilentDecode(capture);
    // The capture ends in decoding order: its last pictures may lack one that is shown between them.
    const numbers = (await readFrameNumbers(capture)).slice(0, -3);
    expect(numbers.length).toBeGreaterThan((seconds - 3) * 30);
    // On a busy machine the first encoder may take longer than a second: then a screen comes first.
    const shown = numbers.slice(numbers.findIndex((number) => number >= 0));
    expect(shown).toEqual(shown.map((_, index) => (shown[0]! + index) % CLIP_FRAMES));

    await server.stop();
    expect(await server.encoders()).toEqual([]);
  });
});
