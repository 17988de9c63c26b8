import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rational } from "../../src/base/rational.ts";
import { Analyser } from "../../src/mpegts/analyser.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { ffmpegDecode, tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { run, runOrThrow } from "../support/process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SECONDS = 6;
const FRAMES = SECONDS * 25;
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-library-"));
const project = join(folder, "project");
const installed = join(project, "node_modules", "exstreamtv");
const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

/** The first code block in docs/library.md that is written in `language` and imports `part` of the package. */
function documented(language: string, part = "throttle"): string {
  const text = readFileSync(join(ROOT, "docs/library.md"), "utf8");
  const blocks = text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"));
  return [...blocks].find(([, code]) => code!.includes(`exstreamtv/${part}`))![1]!;
}

beforeAll(async () => {
  const pack = ["pack", "--silent", "--offline", "--pack-destination", folder];
  await runOrThrow("npm", pack, { seconds: 120, cwd: ROOT });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  mkdirSync(installed, { recursive: true });
  await runOrThrow("tar", ["-xzf", join(folder, tarball), "-C", installed, "--strip-components=1"], {
    seconds: 60,
  });
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    const target = join(project, "node_modules", name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), target);
  }
  writeFileSync(join(project, "package.json"), '{ "private": true }');
  writeFileSync(join(project, "example.mjs"), documented("js"));
  await makeFrameNumberClip(project, "numbers.mp4", {
    seconds: SECONDS,
    fps: rational(25),
    width: 640,
    height: 360,
  });
  const copy = ["-v", "error", "-i", "numbers.mp4", "-c", "copy", "-f", "mpegts", "input.ts"];
  await runOrThrow("ffmpeg", copy, { seconds: 60, cwd: project });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the packed library", () => {
  it.each([
    ["installed", ["example.mjs"], project],
    [
      "in a checkout, from its sources",
      ["--conditions=source", "--input-type=module", "-e", documented("js"), "-"],
      ROOT,
    ],
  ])("runs the documented example: %s", async (_, words, cwd) => {
    const output = join(project, "output.ts");
    rmSync(output, { force: true });
    const args = [...words, join(project, "input.ts"), output];
    const { stderr } = await runOrThrow(process.execPath, args, { seconds: 60, cwd });
    expect(stderr.trim().split("\n")).toEqual([expect.stringContaining("clock_found")]);
    const analyser = new Analyser();
    analyser.push(readFileSync(output));
    const report = analyser.report();
    expect(report).toMatchObject({
      constant_bitrate: true,
      cc_errors: 0,
      pes_late_vs_pcr: 0,
      skipped_bytes: 0,
    });
    expect(report.pcr_accuracy_ns).toBeLessThanOrEqual(500);
    expect(report.null_share).toBeGreaterThan(0.1);
    expect(await tsprobe(output)).toMatchObject({ cc_errors: 0, pcr_backward: 0, pes_late_vs_pcr: 0 });
    expect(await ffmpegDecode(output)).toEqual([]);
    expect(await readFrameNumbers(output)).toEqual(Array.from({ length: FRAMES }, (_, frame) => frame));
  });

  it.each([
    ["installed", ["screen.mjs"], project],
    [
      "in a checkout, from its sources",
      ["--conditions=source", "--input-type=module", "-e", documented("js", "error-screens"), "-"],
      ROOT,
    ],
  ])("makes the documented error screen: %s", async (_, words, cwd) => {
    writeFileSync(join(project, "screen.mjs"), documented("js", "error-screens"));
    const output = join(project, "screen.ts");
    rmSync(output, { force: true });
    const { stderr } = await runOrThrow(process.execPath, [...words, output], { seconds: 60, cwd });
    expect(stderr).toBe("");
    const entries = "stream=codec_name,width,height,duration:format=duration";
    const probe = ["-v", "warning", "-show_entries", entries, "-of", "json", output];
    const facts = await runOrThrow("ffprobe", probe, { seconds: 60 });
    expect(facts.stderr).toBe("");
    const { streams, format } = JSON.parse(facts.stdout) as {
      streams: object[];
      format: { duration: string };
    };
    expect(streams).toMatchObject([{ codec_name: "h264", width: 1280, height: 720 }, { codec_name: "aac" }]);
    expect(Math.abs(Number(format.duration) - 30)).toBeLessThan(0.1);
    expectSeamless(await tsprobe(output, { seconds: 40 }));
    expect(await ffmpegDecode(output)).toEqual([]);
  });

  it("has types against which the documented TypeScript compiles, strictly", async () => {
    const names = "getErrorScreenGenerator, ErrorVisualMode, type ErrorScreenMessage";
    const use = (mode: string) =>
      `import { ${names} } from "exstreamtv/error-screens";\n` +
      `const message: ErrorScreenMessage = { title: "x" };\n` +
      `export const stream: AsyncIterable<Uint8Array> = getErrorScreenGenerator().generateErrorStream(message, { visualMode: ${mode} });\n`;
    writeFileSync(join(project, "screen.ts"), use("ErrorVisualMode.TEXT"));
    writeFileSync(join(project, "wrong-screen.ts"), use('"hologram"'));
    writeFileSync(join(project, "relay.ts"), documented("ts"));
    writeFileSync(join(project, "wrong.ts"), documented("ts").replace('"burst"', '"fast"'));
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2024", "--types", "node"];
    const compile = (file: string) => run(tsc, [...options, file], { seconds: 60, cwd: project });
    expect(await compile("relay.ts")).toMatchObject({ stdout: "", status: 0 });
    expect(await compile("screen.ts")).toMatchObject({ stdout: "", status: 0 });
    expect((await compile("wrong-screen.ts")).stdout).toContain('"hologram"');
    expect((await compile("wrong.ts")).stdout).toContain('"fast"');
  });

  it("brings the server with it", async () => {
    const words = [join(installed, "bin/exstreamtv.js"), "--help"];
    const { stdout } = await runOrThrow(process.execPath, words, { seconds: 60, cwd: project });
    expect(stdout).toContain("Usage: exstreamtv");
  });

  it("holds nothing but what runs, and what says how", () => {
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(files.filter((name) => /\.test\.|fixtures|^(src|test|bench)\b/.test(name))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(["dist/main.js", "docs/library.md", "LICENSE", "README.md"]),
    );
  });
});
