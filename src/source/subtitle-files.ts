import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { AppError, toAppError } from "../base/errors.ts";
import { inputArguments } from "../ffmpeg/input-safety.ts";
import type { MediaFacts, SidecarFacts, SubtitleFacts, SubtitleKind } from "../ffmpeg/media-facts.ts";
import { runTool } from "../ffmpeg/run.ts";
import type { Prepare } from "../ffmpeg/spawn-request.ts";
import type { ItemSubtitle } from "./burn-in.ts";
import type { PlayItem } from "./source.ts";
import { escapeBraces, readSubtitleText } from "./subtitle-text.ts";

/** Where prepared files lie, below the working folder of encoders. */
export const SUBTITLE_FOLDER = "subtitles";
/** The film is read from beginning to end, at the speed of its disk. */
const EXTRACT_TIMEOUT_MS = 1_800_000;
const MAX_SIDECAR_BYTES = 16 * 2 ** 20;
/** More than any real track has; what is beyond is left out. */
const MAX_PREPARED_BYTES = 256 * 2 ** 20;
/** Pictures that say nothing of their canvas are of a film that has this size (ETSI EN 300 743 5.1.3). */
const SD_CANVAS = { width: 720, height: 576 };
/** Part of the name: raised when files are prepared differently, so that earlier ones are made again. */
const PREPARATION = 1;
/** Of whoever never breaks off. */
const NEVER = new AbortController().signal;
const STYLED_CODECS: ReadonlySet<string> = new Set(["ass", "ssa"]);

/** The subtitle of a track with the key of its content. */
export function itemSubtitle(facts: MediaFacts, track: SubtitleFacts | SidecarFacts): ItemSubtitle {
  const origin =
    "path" in track
      ? [track.path, track.sizeBytes, track.mtimeMs]
      : [facts.path, facts.sizeBytes, facts.mtimeMs, track.index];
  const key = createHash("sha256")
    .update(JSON.stringify([PREPARATION, ...origin]))
    .digest("hex")
    .slice(0, 32);
  return { key, kind: track.kind ?? "text", track };
}

/** What preparing needs. */
export interface SubtitleFilesOptions {
  readonly ffmpeg: string;
  /** Working folder of encoders. */
  readonly folder: string;
  readonly clock: Clock;
  /** Takes what could not be prepared: AppError("subtitles_unusable"). */
  readonly onFailure: (item: PlayItem, failure: AppError) => void;
  /** Waits for room for each, see `SpawnBudget`; default there always is. */
  readonly prepare?: Prepare | undefined;
  /** Whether files may be written at present; default always. */
  readonly mayWrite?: (() => boolean) | undefined;
}

/** A prepared file. */
export interface PreparedSubtitle {
  readonly kind: SubtitleKind;
  /** Below the working folder. */
  readonly file: string;
  /** Text without a style of its own. */
  readonly plain: boolean;
}

/**
 * Subtitles in files of the server's own names, which encoders can use at once: text as ASS, pictures as they are in a
 * small Matroska file. An embedded track is taken out of its film once, before the film is needed; the files are
 * kept as long as an item of the line-up shows them.
 */
export class SubtitleFiles {
  readonly #options: SubtitleFilesOptions;
  readonly #ready = new Map<string, PreparedSubtitle>();

  private constructor(options: SubtitleFilesOptions) {
    this.#options = options;
  }

  /** Takes over what an earlier server has prepared. Throws the file system's error. */
  static async open(options: SubtitleFilesOptions): Promise<SubtitleFiles> {
    const folder = join(options.folder, SUBTITLE_FOLDER);
    await mkdir(folder, { recursive: true });
    const files = new SubtitleFiles(options);
    for (const name of await readdir(folder)) {
      const [key = "", ending] = name.split(/\.(.*)/s);
      if (ENDINGS.some((known) => known === ending)) files.#add(key, ending as Ending);
      // What was being made when the server ended.
      else await rm(join(folder, name), { force: true, recursive: true });
    }
    return files;
  }

  /** The prepared file; undefined while there is none. */
  find({ key }: ItemSubtitle): PreparedSubtitle | undefined {
    return this.#ready.get(key);
  }

  /**
   * Prepares the subtitles of `items`, the whole line-up, one after the other, and forgets those of others.
   * Returns how many there are then. Never rejects; ends early when `signal` aborts.
   */
  async prepare(items: readonly PlayItem[], signal?: AbortSignal): Promise<number> {
    await this.#keepOnly(new Set(items.map(({ subtitle }) => subtitle?.key)));
    const tried = new Set<string>();
    const { prepare, mayWrite } = this.#options;
    for (const item of items) {
      const { subtitle } = item;
      if (signal?.aborted || mayWrite?.() === false) break;
      if (!subtitle || tried.has(subtitle.key) || this.#ready.has(subtitle.key)) continue;
      tried.add(subtitle.key);
      try {
        const make = (either?: AbortSignal) => this.#make(item, subtitle, either);
        await (prepare ? prepare(make, signal ?? NEVER) : make(signal));
      } catch (failure) {
        if (signal?.aborted) break;
        this.#options.onFailure(item, toAppError(failure, "subtitles_unusable"));
      }
    }
    return this.#ready.size;
  }

  async #keepOnly(wanted: ReadonlySet<string | undefined>): Promise<void> {
    for (const [key, { file }] of this.#ready) {
      if (wanted.has(key)) continue;
      this.#ready.delete(key);
      // One that cannot be removed is there at the next start again.
      await rm(this.#path(file), { force: true }).catch(() => undefined);
    }
  }

  #add(key: string, ending: Ending): void {
    this.#ready.set(key, {
      kind: ending === "mks" ? "bitmap" : "text",
      file: `${SUBTITLE_FOLDER}/${key}.${ending}`,
      plain: ending === "plain.ass",
    });
  }

  async #make({ facts }: PlayItem, { key, kind, track }: ItemSubtitle, signal?: AbortSignal): Promise<void> {
    const draft = `${SUBTITLE_FOLDER}/${key}.draft`;
    const source = `${SUBTITLE_FOLDER}/${key}.source`;
    try {
      let ending: Ending = "mks";
      if ("path" in track) ending = await this.#convert(track, source, draft, signal);
      else if (kind === "bitmap") await this.#run(pictureArguments(facts, track, draft), signal);
      else {
        await this.#run(textArguments(facts, track, draft), signal);
        ending = STYLED_CODECS.has(track.codec) ? "ass" : "plain.ass";
      }
      await this.#finish(draft, `${SUBTITLE_FOLDER}/${key}.${ending}`, ending);
      this.#add(key, ending);
    } finally {
      for (const name of [draft, source]) await rm(this.#path(name), { force: true });
    }
  }

  /** Brings a file that lies beside its film into ASS. */
  async #convert(track: SidecarFacts, source: string, draft: string, signal?: AbortSignal): Promise<Ending> {
    if ((await stat(track.path)).size > MAX_SIDECAR_BYTES)
      throw unusable("The file is larger than any with subtitles.");
    const { text, format } = readSubtitleText(await readFile(track.path));
    await writeFile(this.#path(source), text);
    const input = ["-protocol_whitelist", "file", "-format_whitelist", format, "-f", format];
    await this.#run(["-copyts", ...input, "-i", `file:${source}`, ...asScript("0:0", draft)], signal);
    const script = await readFile(this.#path(draft), "utf8");
    if (!script.includes("\nDialogue:")) throw unusable("There are no subtitles in the file.");
    return format === "ass" ? "ass" : "plain.ass";
  }

  async #finish(draft: string, file: string, ending: Ending): Promise<void> {
    if (ending === "plain.ass") {
      await writeFile(this.#path(draft), escapeBraces(await readFile(this.#path(draft), "utf8")));
    }
    await rename(this.#path(draft), this.#path(file));
  }

  async #run(args: readonly string[], signal?: AbortSignal): Promise<void> {
    const { ffmpeg, folder, clock } = this.#options;
    const { exit, timedOut, stderrTail } = await runTool({
      ...{ binary: ffmpeg, cwd: folder, clock, signal, timeoutMs: EXTRACT_TIMEOUT_MS },
      args: ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y", ...args],
    });
    if (timedOut) throw unusable("Reading them took too long.");
    if (exit.code !== 0)
      throw unusable(stderrTail.at(-1) ?? `ffmpeg ended with ${exit.signal ?? exit.code}.`);
  }

  #path(name: string): string {
    return join(this.#options.folder, name);
  }
}

/** Names of prepared files, behind the key: styled text, plain text, pictures. */
const ENDINGS = ["ass", "plain.ass", "mks"] as const;
type Ending = (typeof ENDINGS)[number];

function textArguments(facts: MediaFacts, { index }: SubtitleFacts, draft: string): string[] {
  return [...filmInput(facts), ...asScript(`0:${index}`, draft)];
}

function asScript(stream: string, draft: string): string[] {
  return ["-map", stream, "-c:s", "ass", "-fs", String(MAX_PREPARED_BYTES), "-f", "ass", `file:${draft}`];
}

/**
 * Beside the subtitles goes a video stream of nothing, a picture every five seconds: ffmpeg takes a subtitle that does
 * not say when it ends, but only how long it lasts, off the screen when another packet of its file comes by. Its
 * size is the canvas of subtitles that do not tell theirs.
 */
function pictureArguments(facts: MediaFacts, { index, codec }: SubtitleFacts, draft: string): string[] {
  const { video, durationSeconds } = facts;
  const isOfDisc = codec === "dvd_subtitle" && video && video.width <= SD_CANVAS.width;
  const { width, height } = isOfDisc ? video : SD_CANVAS;
  const nothing = `color=c=black:s=${width}x${height}:r=1/5:d=${Math.ceil(durationSeconds) + 10}`;
  return [
    ...filmInput(facts),
    ...["-f", "lavfi", "-i", nothing],
    ...["-map", "1:0", "-c:v", "ffv1", "-pix_fmt", "gray"],
    // DivX subtitles have no place in Matroska.
    ...["-map", `0:${index}`, "-c:s", codec === "xsub" ? "dvdsub" : "copy"],
    ...["-max_interleave_delta", "0", "-fs", String(MAX_PREPARED_BYTES), "-f", "matroska", `file:${draft}`],
  ];
}

/**
 * The film, with times counted from its start. Not to the microsecond: a shift by exactly the file's start is taken by
 * ffmpeg for one of its own making, and corrected to the start of the streams that are read.
 */
function filmInput({ path, demuxer, startSeconds }: MediaFacts): string[] {
  const shift = (1e-6 - startSeconds).toFixed(6);
  return ["-copyts", "-itsoffset", shift, ...inputArguments(path, demuxer)];
}

function unusable(reason: string): AppError {
  return new AppError("subtitles_unusable", reason);
}
