import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { makeFilm } from "../ffmpeg/probe.fixtures.ts";
import { planSpans, type WhyOptions, why } from "./why.ts";
import type { WhyReport } from "./why-report.ts";

const tools = { ffmpeg: "ffmpeg", ffprobe: "ffprobe" };
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-why-"));
  await makeFilm(join(folder, "good.mkv"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ask(name: string, options: Partial<WhyOptions> = {}) {
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  const status = await why(join(folder, name), { tools, clock: new SystemClock(), write, ...options });
  return { status, text };
}

describe("the parts of a file", () => {
  test.each([
    [10, [[0, 10]]],
    [900, [[0, 900]]],
    [
      3600,
      [
        [0, 60],
        [1770, 60],
        [3540, 60],
      ],
    ],
  ])("of %d s", (seconds, parts) => {
    expect(planSpans(900, seconds).map((span) => [span.startSeconds, span.seconds])).toEqual(parts);
    expect(planSpans(Number.POSITIVE_INFINITY, seconds)).toEqual([{ startSeconds: 0, seconds }]);
  });
});

test("a good file: 0, and what is in it", async () => {
  const { status, text } = await ask("good.mkv");
  expect(status).toBe(0);
  expect(text).toContain("good.mkv: nothing is wrong with it\n");
  expect(text).toContain("Picture: mpeg4, 64×48, 25 frames per second");
  expect(text).toContain("Sound: aac, mono, 48000 Hz");
  expect(text).not.toContain("What is wrong");
});

test.each([
  ["nothing.mp4", "The file does not exist."],
  ["", "It is not a file."],
])("%j cannot be judged: 2", async (name, reason) => {
  const { status, text } = await ask(name, { json: true });
  expect(status).toBe(2);
  expect(JSON.parse(text)).toEqual({ file: join(folder, name), verdict: "cannot_be_judged", reason });
});

test.each([
  ["empty.mp4", "", null],
  ["text.mp4", "This is no film.\n".repeat(9), "corrupt"],
  ["text.mkv", "This is no film.\n".repeat(9), "corrupt_matroska"],
  ["script.mp4", "ffconcat version 1.0\nfile 'good.mkv'\n", "security_block"],
])("%s cannot be played: 1, %s", async (name, content, expected) => {
  writeFileSync(join(folder, name), content);
  const { status, text } = await ask(name, { json: true });
  expect(status).toBe(1);
  const report = JSON.parse(text) as WhyReport;
  expect(report.verdict).toBe("unplayable");
  expect(report.problems).toEqual([
    expect.objectContaining({
      class: expected,
      from_seconds: null,
      on_air: expect.stringContaining("leaves it out"),
    }),
  ]);
});

test("no time to decode anything: 2, and what to do", async () => {
  const { status, text } = await ask("good.mkv", { seconds: 0 });
  expect(status).toBe(2);
  expect(text).toContain("allow more with --seconds");
});

test("a name cannot steer the terminal", async () => {
  const { text } = await ask("\u001b[31mred\u0007.mp4");
  expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
});

test("an ffmpeg that cannot be started is an error, not a verdict", async () => {
  const broken = { ffmpeg: join(folder, "none"), ffprobe: join(folder, "none") };
  await expect(ask("good.mkv", { tools: broken })).rejects.toMatchObject({ code: "ffmpeg_missing" });
});
