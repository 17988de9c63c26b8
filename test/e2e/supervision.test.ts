import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { rational } from "../../src/base/rational.ts";
import { Scope } from "../../src/base/scope.ts";
import type { ChannelEvent } from "../../src/channels/events.ts";
import { ItemPlayer } from "../../src/channels/item-player.ts";
import { locateFfmpeg } from "../../src/ffmpeg/locate.ts";
import type { Gop } from "../../src/media/gop.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { openEncoder } from "../../src/source/open-encoder.ts";
import type { PlayItem } from "../../src/source/source.ts";
import { EncodingStudio } from "../support/encode.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const SHAPE = { fps: rational(30), width: 384, height: 216 };
const FORMAT = houseFormat({
  ...{ width: 384, height: 216, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 96_000 },
});
const AWAY_MS = 20_000;

const clock = new SystemClock();
const root = mkdtempSync(join(tmpdir(), "exstreamtv-supervision-"));
const media = join(root, "media");
const wrapper = join(root, "ffmpeg");
const journal = join(root, "crashes");

/** An ffmpeg that crashes whenever it is to encode a file whose name says so; with `-threads 1`, only if it says "always". */
const SCRIPT = (ffmpeg: string) => `#!/bin/bash
case " $* " in
  *"-progress pipe:3"*"crash-always"*) echo "$$" >> '${journal}'; kill -SEGV $$ ;;
  *"-threads 1 "*) ;;
  *"-progress pipe:3"*"crash-unsafe"*) echo "$$" >> '${journal}'; kill -SEGV $$ ;;
esac
exec '${ffmpeg}' "$@"
`;

beforeAll(async () => {
  const { ffmpeg } = await locateFfmpeg({ clock, env: process.env });
  writeFileSync(wrapper, SCRIPT(ffmpeg));
  chmodSync(wrapper, 0o755);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const crashes = () => (existsSync(journal) ? readFileSync(journal, "utf8").trim().split("\n").length : 0);

describe("a file of which something else exists", () => {
  it("is taken from there at the very picture, when it is cut off, gone or crashes the decoder", async () => {
    await using studio = await EncodingStudio.open(FORMAT);
    const whole = await makeFrameNumberClip(root, "whole.mkv", { ...SHAPE, seconds: 8 });
    const cut = join(root, "cut.mkv");
    const bytes = readFileSync(whole);
    writeFileSync(cut, bytes.subarray(0, bytes.length * 0.6));
    const plan = await studio.plan(whole);
    const at = (path: string, title: string): PlayItem => ({
      ...plan,
      title,
      facts: { ...plan.facts, path },
    });
    const item = {
      ...at(cut, "cut"),
      alternates: [
        at(join(root, "gone.mkv"), "gone"),
        at(join(root, "crash-always.mkv"), "crash"),
        at(whole, "whole"),
      ],
    };
    const events: ChannelEvent[] = [];
    await using scope = new Scope();
    const player = new ItemPlayer(
      {
        ...{
          item,
          startFrame: 0,
          audioPhase: 0,
          gopFrames: FORMAT.gopFrames,
          clock,
          random: seededRandom(6),
        },
        open: openEncoder({ ffmpeg: wrapper, folder: join(studio.folder, "work"), clock }, FORMAT),
        onEvent: (event) => events.push(event),
      },
      scope.child(),
    );
    const gops: Gop[] = [];
    for (let frame = 0; frame < item.frames; frame += FORMAT.gopFrames) {
      const gop = await player.take(frame, clock.now() + 30_000);
      if (gop) gops.push(gop);
    }
    expect(player.place.title).toBe("whole");
    const numbers = await readFrameNumbers(await studio.write("alternates", gops));
    // What is lacking at a cut is a still up to the end of that Gop; all others are as they should be.
    const cutGop = Math.floor(numbers.findIndex((number, index) => number !== index) / FORMAT.gopFrames);
    const shown = numbers.map((number, index) =>
      Math.floor(index / FORMAT.gopFrames) === cutGop && number < index ? index : number,
    );
    expect(shown).toEqual(Array.from({ length: item.frames }, (_, index) => index));
    const steps = events.flatMap((event) =>
      event.type === "source_failed" ? [[event.class, event.step]] : [],
    );
    expect(steps).toEqual([
      ["truncated", "alternate 1"],
      ["missing", "alternate 2"],
      ["broken_build", "again"],
      ["broken_build", "safe"],
      ["broken_build", "alternate 3"],
    ]);
    rmSync(journal);
  });
});

/** Waits, where the item that is on has less than `leftMs` to go, for the next one to begin. */
async function farFromTheEnd(server: ServerUnderTest, channel: number, leftMs: number): Promise<void> {
  const answer = await fetch(`${server.base}/api/ai/channels/${channel}/health`);
  const { item } = (await answer.json()) as { item: { end: string } };
  const untilEndMs = Date.parse(item.end) - Date.now();
  if (untilEndMs < leftMs) await clock.sleep(untilEndMs + 1_000);
}

describe("on air", () => {
  it("a drive that wakes after 20 s is back by itself; a decoder that crashes is kept to its own film", async () => {
    for (const channel of ["1 Drive", "2 Crash"]) mkdirSync(join(media, channel), { recursive: true });
    const film = await makeFrameNumberClip(join(media, "1 Drive"), "film.mp4", { ...SHAPE, seconds: 300 });
    await makeFrameNumberClip(join(media, "2 Crash"), "1.mp4", { ...SHAPE, seconds: 6 });
    await makeFrameNumberClip(join(media, "2 Crash"), "2 crash-always.mp4", {
      ...SHAPE,
      seconds: 7,
      firstNumber: 20_000,
    });
    await makeFrameNumberClip(join(media, "2 Crash"), "3 crash-unsafe.mp4", {
      ...SHAPE,
      seconds: 5,
      firstNumber: 40_000,
    });
    await using server = await ServerUnderTest.start({
      ...{ folder: media, config: SMALL_HOUSE, env: { EXSTREAMTV_FFMPEG: wrapper } },
    });
    await farFromTheEnd(server, 1, 90_000);
    renameSync(film, join(root, "asleep.mp4"));
    const capture = join(root, "crash.ts");
    const watching = Promise.all([
      tsprobe(server.channel(1), { seconds: 60 }),
      tsprobe(server.channel(2), { seconds: 60, save: capture }),
    ]);
    await clock.sleep(AWAY_MS);
    expect(server.logged("back to the programme").filter(({ channel }) => channel === 1)).toEqual([]);
    renameSync(join(root, "asleep.mp4"), film);
    const reports = await watching;
    for (const report of reports) {
      expectSeamless(report);
      expect(report.closed_early).toBe(false);
    }
    const back = server.logged("back to the programme").filter(({ channel }) => channel === 1);
    expect(back).toHaveLength(1);
    const away = server.logged("programme is away; error screen until it is back or the next one begins");
    expect(away.map((entry) => [entry.channel, entry.class])).toContainEqual([1, "missing"]);
    expect(away.filter(({ channel }) => channel === 1)).toHaveLength(1);
    // That the viewers have gone shows when they are written to.
    await expect.poll(() => server.logged("viewer left").length, { timeout: 10_000 }).toBe(2);

    // What crashes shows the screen for its own time; what crashes only at first is played from its first picture.
    const numbers = (await readFrameNumbers(capture)).slice(0, -3);
    const shows = numbers.map((number) =>
      number < 0 ? "screen" : number < 20_000 ? "1" : number < 40_000 ? "2" : "3",
    );
    const runs: [string, number][] = [];
    for (const show of shows) {
      const last = runs.at(-1);
      if (last?.[0] === show) last[1]++;
      else runs.push([show, 1]);
    }
    const frames: Record<string, number> = { "1": 180, screen: 210, "3": 150 };
    // From the second film on: where the channel was joined, the next one may have had no time to come.
    const round = runs.slice(
      runs.findIndex(([show], index) => index > 0 && show === "1"),
      -1,
    );
    expect(round.length).toBeGreaterThan(4);
    for (const [show, length] of round) expect([show, length]).toEqual([show, frames[show]]);
    // Four rounds: so many tries for the one, one or two for the other.
    expect(crashes()).toBeLessThanOrEqual(4 * (8 + 2) + 4);
    expect(crashes()).toBeGreaterThan(4);
    expect(await server.stop()).toBe(0);
  });
});
