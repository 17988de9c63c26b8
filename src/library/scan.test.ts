import { renameSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { makeFilm, makeSoundWithCover } from "../ffmpeg/probe.fixtures.ts";
import { FileIdentityStore } from "./identity-store.ts";
import { type Library, type ScanOptions, type ScanProgress, scanFolder } from "./scan.ts";

const clock = new SystemClock();
const noLog = {
  warn: (_: object, message: string) => {
    throw new Error(message);
  },
};
let samples: string;
let root: string;
let data: string;

beforeAll(async () => {
  samples = await mkdtemp(join(tmpdir(), "exstreamtv-samples-"));
  await makeFilm(join(samples, "a.mp4"));
  await makeFilm(join(samples, "a.mkv"), "-metadata", "title=From the metadata");
  await makeFilm(join(samples, "a.ts"), "-c:v", "mpeg2video", "-c:a", "mp2");
  await makeSoundWithCover(join(samples, "a.mp3"));
});
afterAll(() => rm(samples, { recursive: true }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-scan-"));
  data = await mkdtemp(join(tmpdir(), "exstreamtv-data-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
  await rm(data, { recursive: true });
});

/** Puts a sample, chosen by the extension, at each path below the root. */
async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(samples, `a${path.slice(path.lastIndexOf("."))}`), target);
  }
}

async function scan(options: Partial<ScanOptions> = {}): Promise<Library> {
  const store = await FileIdentityStore.open(data, noLog);
  return scanFolder(root, { toolset: { ffprobe: "ffprobe" }, clock, store, ...options });
}

const line = (library: Library) =>
  library.channels.map(({ name, media }) => [name, ...media.map(({ path }) => path.split("/").at(-1))]);

/** Ids of channels and media by path. */
const ids = (library: Library) =>
  Object.fromEntries(
    library.channels.flatMap(({ id, number, folder, media }) => {
      expect(number).toBe(id);
      return [[folder, id], ...media.map((item) => [item.path, item.id] as [string, number])];
    }),
  );

describe("scanFolder", () => {
  test("makes a channel of each sub-folder with media, and one of the folder's own files", async () => {
    await put("Show 10/Season 1/Episode 10.mp4", "Show 10/Season 1/episode 2.mkv", "Show 10/Season 10/1.ts");
    await put("Show 2/Deep/Deeper/song.mp3", "loose.mp4", "Show 10/Season 2/1.mp4");
    await mkdir(join(root, "Empty"));
    await mkdir(join(root, "Documents"));
    await writeFile(join(root, "Documents", "readme.txt"), "hello");
    const library = await scan();
    expect(line(library)).toEqual([
      ["Show 2", "song.mp3"],
      ["Show 10", "episode 2.mkv", "Episode 10.mp4", "1.mp4", "1.ts"],
      [root.split("/").at(-1), "loose.mp4"],
    ]);
    expect(library.rejected).toEqual([]);
    expect(library.channels.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(library.channels[2]!.folder).toBe(root);
    expect(library.channels[1]!.media[0]).toMatchObject({
      title: "From the metadata",
      facts: { demuxer: "matroska", video: { width: 64 } },
    });
    expect(library.channels[1]!.media[1]!.title).toBe("Episode 10");
    expect(library.channels[0]!.media[0]!.facts.video).toBeUndefined();
  });

  test("reports what cannot be played and goes on", async () => {
    await put("A/good.mp4", "A/cut.mp4");
    await truncate(join(root, "A/cut.mp4"), 3000);
    await mkdir(join(root, "B"));
    await writeFile(join(root, "B/empty.mkv"), "");
    await writeFile(join(root, "A/text.mp4"), "not a film");
    await writeFile(join(root, "A/script.mp4"), "ffconcat version 1.0\nfile good.mp4\n");
    await symlink(join(root, "gone.mp4"), join(root, "A/link.mp4"));
    const library = await scan();
    expect(line(library)).toEqual([["A", "good.mp4"]]);
    expect(library.rejected).toEqual([
      { path: join(root, "A/cut.mp4"), reason: expect.stringContaining("incomplete") },
      { path: join(root, "A/link.mp4"), reason: expect.stringContaining("link") },
      { path: join(root, "A/script.mp4"), reason: expect.stringContaining("script") },
      { path: join(root, "A/text.mp4"), reason: expect.stringContaining("not a media file") },
      { path: join(root, "B/empty.mkv"), reason: "The file is empty." },
    ]);
  });

  test("takes .strm files for what they say, without asking anybody", async () => {
    await put("Films/film.mp4");
    await mkdir(join(root, "News"));
    await mkdir(join(root, "Mixed"));
    const strm = (path: string, text: string) => writeFile(join(root, path), text);
    await strm(
      "News/news.strm",
      "#EXTINF:-1,The News\nhttp://no.such.host.invalid/a.ts?token=geheim\nsrt://b:1\n",
    );
    await strm("Mixed/film.strm", "../Films/film.mp4");
    await strm("Mixed/web.strm", "#EXTINF:61,Web\nhttp://no.such.host.invalid/f.mp4");
    await strm("Mixed/addon.strm", "plugin://video/?secret=geheim");
    await strm("Mixed/gone.strm", "nothing.mp4");
    await strm("Mixed/out.strm", "../../../../etc/passwd");
    await strm("Mixed/text.strm", "../Mixed/web.strm");
    await strm("Mixed/large.strm", "#".repeat(70_000));
    const library = await scan();
    expect(line(library)).toEqual([
      ["Films", "film.mp4"],
      ["Mixed", "film.strm", "web.strm"],
      ["News", "news.strm"],
    ]);
    const [, mixed, news] = library.channels;
    expect(news!.media[0]).toMatchObject({
      ...{ title: "The News", seconds: undefined },
      places: [{ address: { scheme: "http" } }, { address: { scheme: "srt" } }],
    });
    expect(mixed!.media[0]).toMatchObject({
      title: "film",
      facts: { demuxer: "mov" },
      places: [{ facts: {} }],
    });
    expect(mixed!.media[0]!.seconds).toBe(mixed!.media[0]!.facts.durationSeconds);
    expect(mixed!.media[1]).toMatchObject({ title: "Web", seconds: 61 });
    const reasons = library.rejected.map(({ path, reason }) => `${path.split("/").at(-1)}: ${reason}`);
    expect(reasons.map((reason) => reason.slice(0, 55))).toEqual([
      'addon.strm: Addresses that begin with "plugin:" are not',
      "gone.strm: It names a file that does not exist.",
      "large.strm: It is larger than 64 KiB.",
      "out.strm: It names a file outside the media folder.",
      "text.strm: It names a file that is not media.",
    ]);
    expect(reasons.join()).not.toContain("geheim");
  });

  test("takes names that are hard on shells, options and sorting", async () => {
    const names = [
      "\"quoted\" 'name'; $(x) `y`.mp4",
      "-i.mp4",
      "Ünïcödé 日本語 🎬.mp4",
      "line\nbreak.mp4",
      "%d#?.mp4",
    ];
    await put(...names.map((name) => `-rf "*"/${name}`));
    const library = await scan();
    expect(library.rejected).toEqual([]);
    expect(library.channels[0]!.name).toBe('-rf "*"');
    expect(new Set(line(library)[0]!.slice(1))).toEqual(new Set(names));
  });

  test("skips hidden files and folders", async () => {
    await put("A/a.mp4", "A/.b.mp4", "A/.c/d.mp4", ".E/f.mp4", ".g.mp4", "@eaDir/h.mp4");
    expect(line(await scan())).toEqual([["A", "a.mp4"]]);
  });

  test("follows links, once, and ends in spite of loops", async () => {
    await put("A/real/1.mp4", "B/2.mp4");
    await symlink(join(root, "A"), join(root, "A/real/loop"));
    await symlink(root, join(root, "A/up"));
    await symlink(root, join(root, "everything"));
    await symlink("real", join(root, "A/another name for real"));
    await symlink(join(root, "B"), join(root, "A/guest"));
    await symlink(join(root, "B/2.mp4"), join(root, "B/3.mp4"));
    await symlink(join(root, "B"), join(root, "C"));
    await symlink("itself", join(root, "itself"));
    const library = await scan();
    expect(line(library)).toEqual([
      ["A", "2.mp4", "3.mp4", "1.mp4"],
      ["B", "2.mp4", "3.mp4"],
      ["C", "2.mp4", "3.mp4"],
    ]);
    expect(library.channels[0]!.media[2]!.path).toBe(join(root, "A/real/1.mp4"));
  });

  test("tolerates files that vanish meanwhile", async () => {
    await put("A/1.mp4", "A/2.mp4", "A/3.mp4");
    const library = await scan({
      concurrency: 1,
      onProgress: ({ done }) => {
        if (done === 1) renameSync(join(root, "A/3.mp4"), join(root, "A/3.gone"));
      },
    });
    expect(line(library)).toEqual([["A", "1.mp4", "2.mp4"]]);
    expect(library.rejected).toEqual([]);
  });

  test("says how far it is", async () => {
    await put("A/1.mp4", "A/2.mp4", "B/3.mp4");
    const calls: ScanProgress[] = [];
    await scan({ onProgress: (progress) => calls.push(progress) });
    expect(calls.map(({ done, total }) => [done, total])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(new Set(calls.map(({ current }) => current)).size).toBe(3);
  });
});

describe("from scan to scan", () => {
  test("numbers stay, whatever comes and goes", async () => {
    await put("B/1.mp4", "B/2.mp4", "C/1.mp4", "loose.mp4");
    const first = ids(await scan());
    expect(ids(await scan())).toEqual(first);

    await put("A/1.mp4", "B/0.mp4");
    await rm(join(root, "C"), { recursive: true });
    const second = ids(await scan());
    for (const path of [join(root, "B"), root, join(root, "B/2.mp4")]) expect(second[path]).toBe(first[path]);
    expect(second[join(root, "A")]).toBe(4);

    await put("C/1.mp4", "C/2.mp4");
    const third = ids(await scan());
    expect(third).toMatchObject({ ...first, ...second });
    const given = Object.values(third);
    expect(given).toHaveLength(Object.keys(third).length);
  });

  test("loudness is measured once, of the sound that will be heard, when it is wanted", async () => {
    await put("A/1.mp4");
    const plain = await scan({ toolset: { ffprobe: "ffprobe", ffmpeg: "ffmpeg" } });
    expect(plain.channels[0]!.media[0]!.facts.loudness).toBeUndefined();
    const first = await scan({ toolset: { ffprobe: "/nowhere", ffmpeg: "ffmpeg" }, loudnessOf: ["de"] });
    expect(first.channels[0]!.media[0]!.facts.loudness).toMatchObject([{ stream: 1 }]);
    expect(await scan({ toolset: { ffprobe: "/nowhere", ffmpeg: "/nowhere" }, loudnessOf: [] })).toEqual(
      first,
    );
  });

  test("unchanged files are not probed again", async () => {
    await put("A/1.mp4", "A/2.mp4");
    const first = await scan();
    const toolset = { ffprobe: "/nowhere/ffprobe" };
    expect(await scan({ toolset })).toEqual(first);
    await put("A/3.mp4");
    await expect(scan({ toolset })).rejects.toMatchObject({ code: "ffmpeg_missing" });
    await copyFile(join(samples, "a.mkv"), join(root, "A/1.mp4"));
    expect((await scan()).channels[0]!.media[0]!.facts.demuxer).toBe("matroska");
  });

  test("subtitle files beside a film are noticed when they come, change and go", async () => {
    await put("A/1.mp4");
    const script = join(root, "A/1.de.srt");
    const sidecars = async () => (await scan()).channels[0]!.media[0]!.sidecars;
    expect(await sidecars()).toEqual([]);
    await writeFile(script, "a");
    const [first] = await sidecars();
    expect(first).toMatchObject({ path: script, sizeBytes: 1, language: "de" });
    await writeFile(script, "ab");
    expect((await sidecars())[0]).toMatchObject({ sizeBytes: 2 });
    await rm(script);
    expect(await sidecars()).toEqual([]);
  });

  test("without tools what is known is there, and what is new is named", async () => {
    await put("A/1.mp4", "A/2.mp4", "B/1.mp4");
    const first = await scan();
    expect(await scan({ toolset: undefined, loudnessOf: [] })).toEqual(first);
    await put("A/3.mp4");
    await copyFile(join(samples, "a.mkv"), join(root, "B/1.mp4"));
    const later = await scan({ toolset: undefined });
    expect(line(later)).toEqual([["A", "1.mp4", "2.mp4"]]);
    expect(later.rejected.map(({ path }) => path)).toEqual([join(root, "A/3.mp4"), join(root, "B/1.mp4")]);
    expect(later.rejected[0]!.reason).toContain("ffmpeg");
    // Nobody has lost a number.
    expect(ids(await scan())[join(root, "B")]).toBe(2);
  });

  test("a scan that was broken off is continued by the next one", async () => {
    await put("A/1.mp4", "A/2.mp4");
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("shutting down"));
    await expect(scan({ concurrency: 1, signal: controller.signal, onProgress })).rejects.toThrow(
      "shutting down",
    );
    await rm(join(root, "A/2.mp4"));
    expect(line(await scan({ toolset: { ffprobe: "/nowhere" } }))).toEqual([["A", "1.mp4"]]);
  });
});

describe("folders of which no channel can be made", () => {
  test("a folder that is not there, or is a file", async () => {
    const options = {
      toolset: { ffprobe: "ffprobe" },
      clock,
      store: await FileIdentityStore.open(data, noLog),
    };
    await expect(scanFolder(join(root, "gone"), options)).rejects.toMatchObject({
      code: "media_folder_missing",
      message: expect.stringContaining(`${join(root, "gone")} does not exist`),
    });
    await writeFile(join(root, "file"), "");
    await expect(scanFolder(join(root, "file"), options)).rejects.toMatchObject({
      code: "media_folder_missing",
      message: expect.stringContaining("is not a folder"),
    });
  });

  test("a folder without media", async () => {
    await writeFile(join(root, "readme.txt"), "");
    await expect(scan()).rejects.toMatchObject({
      code: "media_folder_empty",
      message: expect.stringMatching(/There is no media in .*sub-folder.*\.mp4 \.m4v/),
    });
  });

  test("a folder in which nothing can be played", async () => {
    await mkdir(join(root, "A"));
    await writeFile(join(root, "A/1.mp4"), "");
    await writeFile(join(root, "A/2.mp4"), "");
    await expect(scan()).rejects.toMatchObject({
      code: "media_folder_empty",
      message: expect.stringMatching(/^None of the 2 media files .*A\/1.mp4: The file is empty\./),
    });
  });
});
