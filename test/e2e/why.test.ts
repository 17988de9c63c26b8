import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { why } from "../../src/cli/why.ts";
import type { WhyReport } from "../../src/cli/why-report.ts";
import { generated, OUTPUT, PREVIOUS, place, type Recipe } from "../support/media-cache.ts";
import { run } from "../support/process.ts";
import { makeTortureFolder, type TortureFolder } from "../support/torture.ts";

const SECONDS = 12;
const clock = new SystemClock();
const random = seededRandom(3);
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-why-"));
let torture: TortureFolder;

/** Twelve seconds with a keyframe every second, in the container of the extension. */
function film(extension: string, ...options: string[]): Recipe {
  const streams = [...generated(`testsrc2=s=320x180:r=25:d=${SECONDS}`), ...generated(`sine=d=${SECONDS}`)];
  const codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac"];
  const steps = [
    [...streams, ...codecs, OUTPUT],
    ["-i", PREVIOUS, "-c", "copy", ...options, OUTPUT],
  ];
  return { extension, steps };
}

async function ask(path: string): Promise<WhyReport & { status: number }> {
  let text = "";
  const status = await why(path, {
    ...{ json: true, clock, tools: { ffmpeg: "ffmpeg", ffprobe: "ffprobe" } },
    write: (part) => {
      text += part;
    },
  });
  return { ...(JSON.parse(text) as WhyReport), status };
}

async function damaged(extension: string, harm: (bytes: Buffer) => Buffer, ...options: string[]) {
  const path = await place(film(extension, ...options), folder, `damaged${extension}`);
  writeFileSync(path, harm(readFileSync(path)));
  return ask(path);
}

/** Overwrites a twentieth of the file, in its middle, with random bytes. */
function overwritten(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  for (let at = middle; at < middle + bytes.length / 20; at++) bytes[at] = Math.floor(random() * 256);
  return bytes;
}

const cutTo = (share: number) => (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length * share));
const classes = ({ problems }: WhyReport) => (problems ?? []).map((problem) => problem.class);

beforeAll(async () => {
  torture = await makeTortureFolder(join(folder, "torture"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("exstreamtv why", () => {
  it("finds nothing wrong with any good file of the torture folder", async () => {
    for (const { path, name } of torture.good) {
      const { status, problems, notes } = await ask(path);
      expect({ name, status, problems, notes }).toEqual({ name, status: 0, problems: [], notes: [] });
    }
  });

  it("names what is wrong with each broken one", async () => {
    const found: unknown[] = [];
    for (const { path } of torture.broken) {
      const report = await ask(path);
      found.push([report.status, report.verdict, ...classes(report)]);
    }
    expect(found).toEqual([
      [1, "unplayable", null],
      [1, "unplayable", "truncated_mp4"],
      [1, "unplayable", "corrupt"],
      [1, "unplayable", "security_block"],
    ]);
  });

  it.each([".ts", ".mkv"])("finds damage in the middle of a %s, and where", async (extension) => {
    const report = await damaged(extension, overwritten);
    const all = JSON.stringify(report.problems);
    expect(report).toMatchObject({ status: 1, verdict: "problems" });
    expect(classes(report), all).toContain("damaged_stream");
    for (const problem of report.problems!) {
      expect(["damaged_stream", "damaged_content"], all).toContain(problem.class);
      expect(problem.from_seconds, all).toBeGreaterThan(SECONDS / 2 - 3);
      expect(problem.to_seconds, all).toBeLessThan(SECONDS / 2 + 3);
      expect(problem.remedy?.action).toBe("tolerate");
    }
  });

  it("finds the cut of a truncated MKV", async () => {
    const report = await damaged(".mkv", cutTo(0.6));
    expect(report.status).toBe(1);
    expect(classes(report)).toEqual(["truncated"]);
    expect(report.problems![0]!.from_seconds).toBeGreaterThan(SECONDS * 0.6 - 2);
    expect(report.problems![0]!.from_seconds).toBeLessThan(SECONDS * 0.6 + 2);
  });

  it("finds the cut of half an MP4 whose index stands in front", async () => {
    const report = await damaged(".mp4", cutTo(0.5), "-movflags", "+faststart");
    expect(report.status).toBe(1);
    expect(classes(report)).toEqual(["truncated"]);
    expect(report.problems![0]).toMatchObject({ remedy: { action: "next_item" } });
    expect(report.problems![0]!.on_air).toContain("one more try");
    expect(report.problems![0]!.from_seconds).toBeCloseTo(SECONDS / 2, 0);
  });

  it.each([
    ["01 It's plain H.264 + AAC.mp4", 0, "nothing is wrong with it"],
    ["92 truncated, index missing.mp4", 1, "it cannot be played"],
    ["99 is not there.mp4", 2, "it cannot be judged"],
  ])("on the command line: %s", async (name, status, text) => {
    const result = await run(process.execPath, ["src/main.ts", "why", join(torture.folder, name)], {
      seconds: 60,
    });
    expect(result).toMatchObject({ status, stdout: expect.stringContaining(`${name}: ${text}`) });
  });
});
