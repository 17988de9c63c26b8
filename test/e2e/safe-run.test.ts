import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { rational } from "../../src/base/rational.ts";
import type { Gop } from "../../src/media/gop.ts";
import { houseFormat } from "../../src/media/house-format.ts";
import { openEncoder } from "../../src/source/open-encoder.ts";
import type { RunProfile } from "../../src/source/source.ts";
import { EncodingStudio } from "../support/encode.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { ffmpegDecode } from "../support/judges.ts";
import { runOrThrow } from "../support/process.ts";

const FORMAT = houseFormat({
  ...{ width: 640, height: 360, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 2_000_000, audioBps: 96_000 },
});
const SECONDS = 6;
const clock = new SystemClock();

let root: string;
let clip: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-safe-"));
  const shape = { seconds: SECONDS, fps: rational(30), width: 640, height: 360 };
  clip = await makeFrameNumberClip(root, "numbers.mp4", shape);
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("a safe run", () => {
  // AVI has no timestamps but those of decoding: they must not be thrown away. (B-frames have no place in it.)
  it.each([".mp4", ".mkv", ".ts", ".avi", ".flv"])(
    "gives the same pictures with the same parameter sets, taking turns with usual ones: %s",
    async (extension) => {
      const path = join(root, `copy${extension}`);
      const codecs = extension === ".avi" ? ["-c:v", "mpeg4", "-q:v", "2", "-c:a", "mp3"] : ["-c", "copy"];
      await runOrThrow("ffmpeg", ["-v", "error", "-y", "-i", clip, ...codecs, path], { seconds: 30 });
      await using studio = await EncodingStudio.open(FORMAT);
      const item = await studio.plan(path);
      const open = openEncoder({ ffmpeg: "ffmpeg", folder: join(studio.folder, "work"), clock }, FORMAT);
      const gops: Gop[] = [];
      for (const profile of ["safe", "usual", "safe"] satisfies RunProfile[]) {
        const startFrame = gops.length * FORMAT.gopFrames;
        const source = open(item, { startFrame, audioPhase: 0, profile });
        for (let gop = 0; gop < 2; gop++) gops.push((await source.next())!);
        await source.close();
      }
      const sets = gops.map(({ parameters: { sps, pps } }) => Buffer.concat([sps, pps]).toString("hex"));
      expect(new Set(sets).size).toBe(1);
      const file = await studio.write("safe", gops);
      expect(await ffmpegDecode(file)).toEqual([]);
      const plain = await studio.write("usual", await studio.encode(item));
      const numbers = await readFrameNumbers(file);
      expect(numbers.length).toBe(SECONDS * 30);
      expect(numbers).toEqual((await readFrameNumbers(plain)).slice(0, numbers.length));
    },
  );
});
