import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import { analyse } from "../../src/cli/analyse.ts";
import { plainScreen } from "../../src/error-screens/plain-screen.ts";
import { type Gop, truncateGop } from "../../src/media/gop.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { EncodingStudio, totalFrames } from "../support/encode.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { ffmpegDecode, gstPlay, mpvPlay, tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { vlcPlay } from "../support/vlc.ts";

const SECONDS = 18;
const TURN = 2;
const TEXT = { title: "ffmpeg is missing", detail: "This channel goes on by itself when it is back." };

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-plain-"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("programme and plain screen in turns", () => {
  it.each([
    [rational(30), 640, 360],
    [rational(24_000, 1001), 854, 480],
    [rational(50), 320, 180],
  ])(
    "at %o fps, %i×%i: no judge and no player notices, and every picture is the right one",
    async (fps, width, height) => {
      const format = houseFormat({
        width,
        height,
        fps,
        gopSeconds: 1,
        totalBps: 2_000_000,
        audioBps: 96_000,
      });
      await using studio = await EncodingStudio.open(format);
      const clip = await makeFrameNumberClip(root, `${height}.mp4`, { fps, width, height, seconds: SECONDS });
      const programme = await studio.encode(await studio.plan(clip));
      const screen = plainScreen(format, TEXT);
      expect(Buffer.from(screen[0]!.parameters.sps)[3]).toBe(Buffer.from(programme[0]!.parameters.sps)[3]);

      const turns: Gop[] = programme
        .slice(0, SECONDS - 1)
        .map((gop, index) => (Math.floor(index / TURN) % 2 === 0 ? gop : screen[index % 2]!));
      // At the end of a slot a Gop is cut short, to a single picture if need be.
      const cut = truncateGop(screen[1]!, 1);
      const gops = [
        ...turns.slice(0, 5),
        cut,
        ...turns.slice(5, 9),
        truncateGop(screen[0]!, 7),
        ...turns.slice(9),
      ];

      const file = await studio.write("turns", gops);
      expectSeamless(await tsprobe(file, { seconds: 2 * SECONDS }));
      const words: string[] = [];
      const write = (text: string) => void words.push(text);
      const status = await analyse(file, {
        clock: new SystemClock(),
        write,
        signal: new AbortController().signal,
      });
      expect([status, status === 0 ? "" : words.join("")]).toEqual([0, ""]);
      expect(await ffmpegDecode(file)).toEqual([]);
      for (const play of [mpvPlay, vlcPlay, gstPlay]) {
        expect(await play(file), play.name).toEqual({ played: true, complaints: [] });
      }

      const numbers = await readFrameNumbers(file);
      expect(numbers.length).toBe(totalFrames(gops));
      const expected = gops.flatMap((gop) =>
        Array.from(gop.displayOrder, (_, index) =>
          gop.parameters === screen[0]!.parameters ? -1 : gop.firstFrame + index,
        ),
      );
      expect(numbers).toEqual(expected);
    },
  );
});
