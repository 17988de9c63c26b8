import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { ACCEPTED_DEMUXERS, inputArguments, probeArguments } from "./input-safety.ts";
import { makeBrokenOff, makeFilm, makeMedia, makeSound, makeSoundWithCover } from "./probe.fixtures.ts";
import { probeFile } from "./probe.ts";
import { runTool } from "./run.ts";

const clock = new SystemClock();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-probe-"));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const probe = (name: string) => probeFile(at(name), { toolset: { ffprobe: "ffprobe" }, clock });

async function refusal(name: string): Promise<string> {
  const failure = await probe(name).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(failure).toMatchObject({ code: "media_unreadable" });
  return (failure as Error).message;
}

describe("probeFile", () => {
  test("an MP4", async () => {
    await makeFilm(at("a.mp4"), "-metadata", "title= A Film ", "-metadata:s:a", "language=deu");
    const stats = await stat(at("a.mp4"));
    expect(await probe("a.mp4")).toMatchObject({
      path: at("a.mp4"),
      sizeBytes: stats.size,
      mtimeMs: stats.mtimeMs,
      demuxer: "mov",
      durationSeconds: 0.5,
      startSeconds: 0,
      title: "A Film",
      video: {
        index: 0,
        codec: "mpeg4",
        width: 64,
        height: 48,
        sampleAspectRatio: { num: 1, den: 1 },
        rotationDegrees: 0,
        frameRate: { num: 25, den: 1 },
        realFrameRate: { num: 25, den: 1 },
        pixelFormat: "yuv420p",
        bitDepth: 8,
        durationSeconds: 0.48,
      },
      audio: {
        index: 1,
        codec: "aac",
        sampleRate: 48000,
        channels: 1,
        channelLayout: "mono",
        language: "deu",
      },
    });
  });

  test("a Matroska file with a default among several sounds, and lengths in tags", async () => {
    await makeFilm(
      at("two.mkv"),
      ...["-map", "0", "-map", "1", "-map", "1", "-disposition:a:0", "0", "-disposition:a:1", "default"],
      ...["-metadata:s:a:1", "language=fre", "-metadata", "title=Zwei"],
    );
    const facts = await probe("two.mkv");
    expect(facts).toMatchObject({ demuxer: "matroska", title: "Zwei", audio: { index: 2, language: "fre" } });
    expect(facts.audioStreams.map(({ index }) => index)).toEqual([1, 2]);
    expect(facts.audio!.durationSeconds).toBeCloseTo(0.5, 1);
  });

  test("a transport stream that does not begin at 0", async () => {
    await makeFilm(at("a.ts"), "-c:v", "mpeg2video", "-c:a", "mp2");
    const facts = await probe("a.ts");
    expect(facts).toMatchObject({
      demuxer: "mpegts",
      video: { codec: "mpeg2video" },
      audio: { codec: "mp2" },
    });
    expect(facts.startSeconds).toBeGreaterThan(1);
    expect(facts.durationSeconds).toBeCloseTo(0.5, 1);
  });

  test("interlaced anamorphic 10-bit video with colour description", async () => {
    const flags = ["-an", "-flags", "+ilme+ildct", "-field_order", "tt", "-aspect", "16:9"];
    const colour = [
      "-color_range",
      "tv",
      "-colorspace",
      "bt709",
      "-color_trc",
      "bt709",
      "-color_primaries",
      "bt709",
    ];
    await makeFilm(
      at("i.mkv"),
      ...[...flags, ...colour, "-vf", "setfield=tff,format=yuv420p10le", "-c:v", "libx264", "-s", "720x576"],
    );
    const { video, audio } = await probe("i.mkv");
    expect(video).toMatchObject({
      fieldOrder: "interlaced",
      sampleAspectRatio: { num: 64, den: 45 },
      bitDepth: 10,
      colorRange: "tv",
      colorSpace: "bt709",
      colorTransfer: "bt709",
      colorPrimaries: "bt709",
    });
    expect(audio).toBeUndefined();
  });

  test.each(["cover.mp3", "cover.m4a", "cover.flac"])("%s: a cover is no picture", async (name) => {
    await makeSoundWithCover(at(name));
    const facts = await probe(name);
    expect(facts.video).toBeUndefined();
    expect(facts.audio).toMatchObject({ sampleRate: 48000, channels: 1 });
  });

  test.each([
    ["live.mkv", "matroska"],
    ["live.avi", "avi"],
    ["live.nut", "nut"],
    ["live.ts", "mpegts"],
  ])("%s: a recording that was broken off is measured", async (name, format) => {
    await makeBrokenOff(at(name), format);
    expect((await probe(name)).durationSeconds).toBeCloseTo(0.5, 1);
  });

  test("raw streams, whose length ffprobe only guesses, are measured", async () => {
    // Silence first: the guess goes by the rate of the beginning.
    const sound = ["-f", "lavfi", "-i", "sine=d=20", "-af", "volume='gt(t,10)':eval=frame"];
    await makeMedia(...sound, "-f", "adts", at("raw.aac"));
    expect((await probe("raw.aac")).durationSeconds).toBeCloseTo(20, 1);
    await makeSound(at("raw.mp3"), "-write_xing", "0", "-q:a", "4");
    expect((await probe("raw.mp3")).durationSeconds).toBeCloseTo(0.5, 1);
    await makeMedia(
      "-f",
      "lavfi",
      "-i",
      "testsrc2=s=64x48:d=2",
      "-c:v",
      "libx264",
      "-f",
      "h264",
      at("raw.h264"),
    );
    expect(await probe("raw.h264")).toMatchObject({ demuxer: "h264", startSeconds: 0 });
    expect((await probe("raw.h264")).durationSeconds).toBeCloseTo(2, 5);
  });

  test.each(["- \"quoted\" 'name'; $(x) `y`.mp4", "Ünïcödé 日本語 🎬.mp4", "a:b,c|d%03d\nnewline.mp4"])(
    "a file named %j",
    async (name) => {
      await mkdir(at("names"), { recursive: true });
      await makeFilm(join(folder, "names", name));
      expect(await probe(`names/${name}`)).toMatchObject({ demuxer: "mov", durationSeconds: 0.5 });
    },
  );
});

describe("what is refused", () => {
  test("an empty file, without asking ffprobe", async () => {
    await writeFile(at("zero.mp4"), "");
    const options = { toolset: { ffprobe: "/nowhere" }, clock };
    await expect(probeFile(at("zero.mp4"), options)).rejects.toThrow("The file is empty.");
  });

  test("a file that is not there, with the cause", async () => {
    await expect(probe("nothing.mp4")).rejects.toMatchObject({
      code: "media_unreadable",
      message: "The file does not exist.",
      cause: { code: "ENOENT" },
    });
    expect(await refusal(".")).toBe("It is not a file.");
  });

  test("a truncated MP4", async () => {
    await makeFilm(at("cut.mp4"));
    await truncate(at("cut.mp4"), 4000);
    expect(await refusal("cut.mp4")).toMatch(/^The file is incomplete: .*moov atom not found/);
  });

  test.each([
    ["text.mp4", "This is not a film.\n", "It is not a media file, whatever its name says."],
    [
      "page.mkv",
      "<html><body>Log in</body></html>",
      "It is not a Matroska file, or its beginning is damaged.",
    ],
    [
      "subtitles.mp4",
      "1\n00:00:01,000 --> 00:00:02,000\nhi\n",
      "It is not a media file: its content is subtitles.",
    ],
    ["noise.avi", "\u0001\u0002\u0003".repeat(500), "It is not a media file, or its beginning is damaged."],
  ])("%s", async (name, content, reason) => {
    await writeFile(at(name), content);
    expect(await refusal(name)).toBe(reason);
  });

  test("scripts and playlists, which would open other files", async () => {
    await makeFilm(at("sibling.ts"), "-c:v", "mpeg2video", "-c:a", "mp2");
    const reason = "It is not a media file: its content is a playlist or script that names other files.";
    await writeFile(at("concat.mp4"), "ffconcat version 1.0\nfile sibling.ts\n");
    expect(await refusal("concat.mp4")).toBe(reason);
    await writeFile(
      at("hls.ts"),
      "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsibling.ts\n#EXT-X-ENDLIST\n",
    );
    expect(await refusal("hls.ts")).toBe(reason);
  });

  test("a picture", async () => {
    await makeMedia("-f", "lavfi", "-i", "color=s=32x32:d=0.04", "-frames:v", "1", at("picture.png"));
    await writeFile(at("picture.mp4"), await readFile(at("picture.png")));
    expect(await refusal("picture.mp4")).toBe("It is not a media file: its content is a picture.");
  });

  test("a file with neither picture nor sound", async () => {
    await writeFile(at("words.srt"), "1\n00:00:01,000 --> 00:00:02,000\nhi\n");
    await makeMedia("-i", at("words.srt"), "-c:s", "srt", at("words.mkv"));
    expect(await refusal("words.mkv")).toBe("There is neither picture nor sound in it.");
  });

  test("a file that ffprobe does not get done with", async () => {
    await makeFilm(at("slow.mp4"));
    const options = { toolset: { ffprobe: "ffprobe" }, clock, timeoutMs: 0 };
    await expect(probeFile(at("slow.mp4"), options)).rejects.toThrow("took longer than 0 s");
  });
});

describe("input arguments", () => {
  test("force the demuxer, prefix the path and hold the whitelists", () => {
    expect(inputArguments("/m/-a.mp4", "mov")).toEqual([
      ...["-protocol_whitelist", "file", "-format_whitelist", ACCEPTED_DEMUXERS.join(",")],
      ...["-f", "mov", "-i", "file:/m/-a.mp4"],
    ]);
    expect(probeArguments("/m/-a.mp4").slice(4)).toEqual(["-i", "file:/m/-a.mp4"]);
    expect(() => inputArguments("/m/a.mp4", "concat")).toThrow(RangeError);
  });

  test("a file that was exchanged for a script since the probe is not followed", async () => {
    await makeFilm(at("victim.mkv"));
    await writeFile(at("exchanged.mp4"), "ffconcat version 1.0\nfile victim.mkv\n");
    const args = ["-v", "error", ...inputArguments(at("exchanged.mp4"), "mov"), "-f", "null", "-"];
    const result = await runTool({ binary: "ffmpeg", args, clock, timeoutMs: 60_000 });
    expect(result.exit.code).not.toBe(0);
    expect(result.stderrTail.join("\n")).toContain("moov atom not found");
  });
});
