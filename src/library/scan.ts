import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { chooseAudio } from "../ffmpeg/choose-audio.ts";
import { measureLoudness } from "../ffmpeg/loudness.ts";
import type { MediaFacts, SidecarFacts } from "../ffmpeg/media-facts.ts";
import { type ProbeOptions, probeFile } from "../ffmpeg/probe.ts";
import type { Prepare } from "../ffmpeg/spawn-request.ts";
import { concurrently } from "./concurrently.ts";
import type { IdentityStore } from "./identity-store.ts";
import { isStrm, MEDIA_EXTENSIONS, titleFromFileName } from "./media-files.ts";
import { compareNaturalPaths } from "./natural-order.ts";
import { type MediaPlace, readStrm, type StrmMedia } from "./read-strm.ts";
import { SidecarFinder } from "./sidecars.ts";
import { STRM_EXTENSION } from "./strm.ts";
import { type Found, type Rejection, undecodable, walkMedia } from "./walk.ts";

/** One playable file. */
export interface MediaItem {
  /** Stays the same as long as the file keeps its path below the media folder. */
  readonly id: number;
  /** Absolute. */
  readonly path: string;
  /** From the file's metadata, else from its name. */
  readonly title: string;
  readonly facts: MediaFacts;
  /** Subtitle files beside it. */
  readonly sidecars: readonly SidecarFacts[];
  /** Where it can be had, where a .strm file says so; the most preferred first. */
  readonly places?: readonly MediaPlace[];
  /** The length that goes with `places`; undefined when it has no end. */
  readonly seconds?: number;
}

/** A folder whose files, in natural order, are a channel. */
export interface LibraryChannel {
  readonly id: number;
  /** The number that viewers tune to. */
  readonly number: number;
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Not empty. */
  readonly media: readonly MediaItem[];
}

/** The media folder as a line-up. */
export interface Library {
  /** Not empty. */
  readonly channels: readonly LibraryChannel[];
  /** Files with a media extension that cannot be played, and folders that cannot be read. */
  readonly rejected: readonly Rejection[];
}

/** How far a scan is. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
  /** Path of the file that was just done. */
  readonly current: string;
}

/** What a scan needs. */
export interface ScanOptions {
  /** Without tools, only files that the store knows unchanged are taken. */
  readonly toolset: ProbeOptions["toolset"] | undefined;
  readonly clock: Clock;
  readonly store: IdentityStore;
  /** Languages whose sound is to be measured for loudness (see `chooseAudio`); undefined measures none. */
  readonly loudnessOf?: readonly string[];
  /** Files that are probed at a time; default 4. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Waits for room for each probe, see `SpawnBudget`; default there always is. */
  readonly prepare?: Prepare;
  /** Called after each file. */
  readonly onProgress?: (progress: ScanProgress) => void;
}

/** Why a new file is left out while there are no tools. */
const NOT_YET_KNOWN =
  "It is new, and ffmpeg, which looks into it, is missing; the next start with ffmpeg finds it.";

/**
 * Makes a channel of each direct sub-folder of `folder` that holds media at any depth, and one more of the media
 * that lie directly in it. Files that the store knows unchanged are not probed; the store is saved, also when the
 * scan is broken off. Throws AppError("media_folder_missing" | "media_folder_empty"), whatever ends the probing
 * of all files (a missing ffprobe), and the signal's reason.
 */
export async function scanFolder(folder: string, options: ScanOptions): Promise<Library> {
  const root = resolve(folder);
  const found = await find(root, options.signal);
  const rejected = [...found.rejected];
  const facts = new Map<string, MediaFacts | StrmMedia>();
  const files = found.folders.flatMap((each) => each.files);
  let done = 0;
  const examine = async (file: string, signal: AbortSignal) => {
    const path = join(root, file);
    const look = async (either: AbortSignal): Promise<MediaFacts | StrmMedia | string | undefined> => {
      const facts = (each: string) => factsOf(each, { ...options, signal: either });
      return isStrm(file) ? strmOf(path, root, facts) : facts(path);
    };
    const result = await (options.prepare ? options.prepare(look, signal) : look(signal));
    if (typeof result === "string") rejected.push({ path, reason: result });
    else if (result) facts.set(file, result);
    options.onProgress?.({ done: ++done, total: files.length, current: path });
  };
  try {
    await concurrently(files, options.concurrency ?? 4, examine, options.signal);
    rejected.sort((a, b) => compareNaturalPaths(a.path, b.path));
    const channels = await makeChannels(root, found, facts, options.store);
    if (channels.length === 0) throw nothingToPlay(root, rejected);
    return { channels, rejected };
  } finally {
    await options.store.save();
  }
}

async function find(root: string, signal?: AbortSignal): Promise<Found> {
  try {
    return await walkMedia(root, signal);
  } catch (failure) {
    signal?.throwIfAborted();
    const reasons: Record<string, string> = {
      ENOENT: "does not exist",
      ENOTDIR: "is not a folder",
      EACCES: "may not be read by the server",
    };
    const { code = "", message } = failure as NodeJS.ErrnoException;
    const reason = reasons[code] ?? `cannot be read (${message})`;
    throw new AppError(
      "media_folder_missing",
      `${root} ${reason}. Give the path of the folder with your media.`,
      {
        cause: failure,
      },
    );
  }
}

/** The facts of a file, the reason why it cannot be played, or undefined when it has vanished since it was listed. */
async function factsOf(path: string, options: ScanOptions): Promise<MediaFacts | string | undefined> {
  const { store, toolset, clock, signal } = options;
  try {
    const { size, mtimeMs } = await stat(path);
    const known = store.facts(path, size, mtimeMs);
    if (!toolset) return known ?? NOT_YET_KNOWN;
    const probed = known ?? (await probeFile(path, { toolset, clock, signal }));
    const facts = await withLoudness(probed, options);
    if (facts !== known) store.putFacts(facts);
    return facts;
  } catch (failure) {
    // An AppError of another kind is not about this file: ffprobe itself is missing.
    if (failure instanceof AppError && failure.code !== "media_unreadable") throw failure;
    if (isAbsent(failure)) return undecodable(path);
    if (failure instanceof AppError) return failure.message;
    if (failure instanceof Error && "syscall" in failure)
      return `The file cannot be read: ${failure.message}.`;
    throw failure;
  }
}

/** The facts with the loudness of the sound that will be heard, where it is wanted; the same object if it is there. */
async function withLoudness(facts: MediaFacts, options: ScanOptions): Promise<MediaFacts> {
  const ffmpeg = options.toolset?.ffmpeg;
  if (!options.loudnessOf || ffmpeg === undefined) return facts;
  const stream = chooseAudio(facts.audioStreams, options.loudnessOf)?.index;
  const measured = facts.loudness ?? [];
  if (stream === undefined || measured.some((each) => each.stream === stream)) return facts;
  const { clock, signal } = options;
  return {
    ...facts,
    loudness: [...measured, await measureLoudness(facts, stream, { ffmpeg, clock, signal })],
  };
}

/** The same of a .strm file. */
async function strmOf(
  path: string,
  root: string,
  look: (path: string) => Promise<MediaFacts | string | undefined>,
): Promise<StrmMedia | string | undefined> {
  try {
    return await readStrm(path, root, look);
  } catch (failure) {
    if (failure instanceof Error && "syscall" in failure)
      return `The file cannot be read: ${failure.message}.`;
    throw failure;
  }
}

function isAbsent(failure: unknown): boolean {
  const cause = failure instanceof AppError ? failure.cause : failure;
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

async function makeChannels(
  root: string,
  found: Found,
  facts: ReadonlyMap<string, MediaFacts | StrmMedia>,
  store: IdentityStore,
): Promise<LibraryChannel[]> {
  const channels: LibraryChannel[] = [];
  const sidecars = new SidecarFinder();
  for (const { key, files } of found.folders) {
    const playable = files.filter((file) => facts.has(file));
    if (playable.length === 0) continue;
    const folder = join(root, key);
    const id = store.channelId(key);
    const media: MediaItem[] = [];
    for (const file of playable) {
      const [mediaId, found] = [store.mediaId(file), facts.get(file)!];
      media.push(
        "places" in found
          ? strmItem(mediaId, join(root, file), found)
          : await mediaItem(mediaId, found, sidecars),
      );
    }
    channels.push({ id, number: id, name: basename(folder) || folder, folder, media });
  }
  return channels;
}

async function mediaItem(id: number, facts: MediaFacts, sidecars: SidecarFinder): Promise<MediaItem> {
  const title = facts.title ?? titleFromFileName(basename(facts.path));
  return { id, path: facts.path, title, facts, sidecars: await sidecars.of(facts.path) };
}

function strmItem(id: number, path: string, { places, seconds, facts, ...strm }: StrmMedia): MediaItem {
  const title = strm.title ?? titleFromFileName(basename(path));
  return { id, path, title, facts, sidecars: [], places, seconds };
}

function nothingToPlay(root: string, rejected: readonly Rejection[]): AppError {
  const layout =
    `Put media into sub-folders of it: each sub-folder becomes a channel, for instance ${join(root, "Films", "a.mp4")}. ` +
    `Files with these extensions are looked at: ${MEDIA_EXTENSIONS.join(" ")} ${STRM_EXTENSION} (addresses of streams)`;
  const first = rejected[0];
  if (!first) return new AppError("media_folder_empty", `There is no media in ${root}. ${layout}`);
  const count = rejected.length === 1 ? "The one media file" : `None of the ${rejected.length} media files`;
  const verb = rejected.length === 1 ? "cannot" : "can";
  return new AppError(
    "media_folder_empty",
    `${count} in ${root} ${verb} be played; ${first.path}: ${first.reason} ${layout}`,
  );
}
