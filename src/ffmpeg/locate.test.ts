import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { locateFfmpeg } from "./locate.ts";
import { isRecentEnough, parseNames, parseVersion, REQUIREMENTS } from "./requirements.ts";
import { runTool } from "./run.ts";

const clock = new SystemClock();
let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "exstreamtv-locate-")));
});
afterEach(() => rm(folder, { recursive: true }));

interface Fake {
  version?: string;
  libavcodec?: string;
  without?: string[];
  script?: string;
}

/** A shell script that answers like ffmpeg. */
async function fake(name: string, options: Fake = {}): Promise<string> {
  const { version = "5.1.9-0+deb12u1", libavcodec = "59. 37.100", without = [] } = options;
  const lists = REQUIREMENTS.map(({ option, names }) => {
    const lines = names.filter((each) => !without.includes(each)).map((each) => ` V....D ${each}  text`);
    return `${option}) printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")};;`;
  });
  const answer = `${name.replace(/.*\//, "")} version ${version} Copyright\nlibavutil  57. 28.100\nlibavcodec     ${libavcodec} / x`;
  const script =
    options.script ?? `case "$2" in -version) echo '${answer}';; ${lists.join("\n")} *) exit 1;; esac`;
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

function locate(paths: { ffmpegPath?: string; ffprobePath?: string } = {}) {
  return locateFfmpeg({ ...paths, clock, env: { PATH: `/nowhere::${folder}` } });
}

describe("locateFfmpeg", () => {
  test("accepts this machine's ffmpeg", async () => {
    const toolset = await locateFfmpeg({ clock, env: process.env });
    expect(toolset.ffmpeg).toMatch(/^\/.*ffmpeg$/);
    expect(toolset.ffprobe).toMatch(/^\/.*ffprobe$/);
    expect(isRecentEnough(toolset)).toBe(true);
    expect(toolset.canToneMap).toBe(true);
    expect(toolset.canSetText).toBe(true);
  });

  test("finds both on PATH", async () => {
    const [ffmpeg, ffprobe] = [await fake("ffmpeg"), await fake("ffprobe")];
    expect(await locate()).toEqual({
      ...{ ffmpeg, ffprobe, version: "5.1.9-0+deb12u1", libavcodec: [59, 37] },
      canToneMap: false,
      canSetText: false,
    });
  });

  test("looks for ffprobe beside an ffmpeg that is given", async () => {
    await fake("ffprobe");
    await mkdir(join(folder, "other"));
    const [ffmpeg, ffprobe] = [await fake("other/ffmpeg"), await fake("other/ffprobe")];
    expect(await locate({ ffmpegPath: ffmpeg })).toMatchObject({ ffmpeg, ffprobe });
    expect(await locate({ ffmpegPath: ffmpeg, ffprobePath: "ffprobe" })).toMatchObject({ ffprobe });
  });

  test("says what is missing and how to install it", async () => {
    await expect(locate()).rejects.toMatchObject({
      code: "ffmpeg_missing",
      message: expect.stringMatching(
        /^ffmpeg was not found on PATH.*apt.*dnf.*pacman.*brew.*EXSTREAMTV_FFMPEG/,
      ),
    });
    await fake("ffmpeg");
    await expect(locate()).rejects.toMatchObject({
      message: expect.stringMatching(/^ffprobe was not found/),
    });
    const path = join(folder, "gone/ffmpeg");
    await expect(locate({ ffmpegPath: path })).rejects.toMatchObject({
      code: "ffmpeg_missing",
      message: expect.stringContaining(`${path} does not exist`),
    });
    await expect(locate({ ffmpegPath: folder })).rejects.toMatchObject({
      message: expect.stringContaining("is not a file"),
    });
    await writeFile(join(folder, "plain"), "");
    await expect(locate({ ffmpegPath: join(folder, "plain") })).rejects.toMatchObject({
      message: expect.stringContaining("is not executable"),
    });
  });

  test.each(["4.4.2-0ubuntu0.22.04.1", "n5.0.1", "2.8"])("refuses version %s", async (version) => {
    await fake("ffmpeg", { version });
    await fake("ffprobe");
    await expect(locate()).rejects.toMatchObject({
      code: "ffmpeg_unsuitable",
      message: expect.stringContaining(`is version ${version}; 5.1 or newer is needed`),
    });
  });

  test("refuses an old ffprobe beside a new ffmpeg", async () => {
    await fake("ffmpeg");
    await fake("ffprobe", { version: "4.0" });
    await expect(locate()).rejects.toMatchObject({
      message: expect.stringMatching(/ffprobe is version 4.0/),
    });
  });

  test("names every encoder, filter, muxer, demuxer and protocol that is lacking", async () => {
    await fake("ffmpeg", { without: ["libx264", "tpad", "mp4", "matroska", "pipe"] });
    await fake("ffprobe");
    await expect(locate()).rejects.toMatchObject({
      code: "ffmpeg_unsuitable",
      message: expect.stringContaining(
        "lacks the encoder libx264, the filter tpad, the muxer mp4, the demuxer matroska, the protocol pipe.",
      ),
    });
  });

  test("reports a build that does not start, and a program that is something else", async () => {
    await fake("ffprobe");
    const message = "error while loading shared libraries: libx264.so.164";
    await fake("ffmpeg", { script: `echo "${message}" >&2; exit 127` });
    await expect(locate()).rejects.toMatchObject({
      code: "ffmpeg_unsuitable",
      message: expect.stringContaining(message),
    });
    await fake("ffmpeg", { script: "echo hello" });
    await expect(locate()).rejects.toMatchObject({ message: expect.stringContaining("is not ffmpeg") });
  });
});

test.each([
  ["ffmpeg version n5.1.9-0+deb12u1 Copyright", true],
  ["ffmpeg version 7.1-full_build-www.gyan.dev Copyright", true],
  ["ffmpeg version 10.0 Copyright", true],
  ["ffmpeg version N-109741-gbbe95f7353 Copyright\nlibavcodec     59. 37.100 / 59. 37.100", true],
  ["ffmpeg version 2024-03-04-git-e30369bc1c Copyright\nlibavcodec     60. 40.100 / 60. 40.100", true],
  ["ffmpeg version N-100000-g0000000000 Copyright\nlibavcodec     58.134.100 / 58.134.100", false],
  ["ffmpeg version N-100000-g0000000000 Copyright\nlibavcodec     59. 18.100 / 59. 18.100", false],
  ["ffmpeg version unknown Copyright", false],
])("%s is recent enough: %s", (output, expected) => {
  expect(isRecentEnough(parseVersion(output)!)).toBe(expected);
});

test("reads every shape of list", () => {
  const names = parseNames(
    "Formats:\n D  mov,mp4,m4a  QuickTime\n D d lavfi   Libavfilter\n ..C scale V->V Scale\n file\n",
  );
  for (const name of ["mov", "m4a", "lavfi", "scale", "file"]) expect(names.has(name)).toBe(true);
});

describe("runTool", () => {
  const base = { binary: "/bin/sh", clock, timeoutMs: 60_000 };

  test("returns a bad exit status as a result", async () => {
    const result = await runTool({ ...base, args: ["-c", "echo out; echo err >&2; exit 4"] });
    expect(result.stdout.toString()).toBe("out\n");
    expect(result).toMatchObject({
      exit: { code: 4 },
      stderrTail: ["err"],
      timedOut: false,
      overflowed: false,
    });
  });

  test("ends a tool that takes too long", async () => {
    const result = await runTool({ ...base, args: ["-c", "exec sleep 1000"], timeoutMs: 1 });
    expect(result).toMatchObject({ timedOut: true, exit: { signal: "SIGTERM" } });
  });

  test("ends a tool that writes too much", async () => {
    const result = await runTool({ ...base, args: ["-c", "exec yes"], maxStdoutBytes: 1000 });
    expect(result).toMatchObject({ overflowed: true, timedOut: false });
    expect(result.stdout.length).toBe(1000);
  });

  test("hands out the output piece by piece", async () => {
    let bytes = 0;
    const args = ["-c", "head -c 300000 /dev/zero"];
    const onStdout = (chunk: Buffer) => {
      bytes += chunk.length;
    };
    await runTool({ ...base, args, maxStdoutBytes: 10, onStdout });
    expect(bytes).toBe(300_000);
  });

  test("throws the signal's reason, after the process is gone", async () => {
    const controller = new AbortController();
    const running = runTool({
      ...base,
      args: ["-c", "echo; exec sleep 1000"],
      signal: controller.signal,
      onStdout: () => controller.abort(new Error("enough")),
    });
    await expect(running).rejects.toThrow("enough");
    await expect(runTool({ ...base, args: [], signal: controller.signal })).rejects.toThrow("enough");
  });

  test("throws when the program cannot be started", async () => {
    await expect(runTool({ ...base, binary: join(folder, "x"), args: [] })).rejects.toMatchObject({
      code: "ffmpeg_missing",
    });
    await writeFile(join(folder, "plain"), "");
    await expect(runTool({ ...base, binary: join(folder, "plain"), args: [] })).rejects.toMatchObject({
      code: "ffmpeg_unsuitable",
    });
  });
});
