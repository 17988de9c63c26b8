import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import {
  isRecentEnough,
  MINIMUM,
  parseNames,
  parseVersion,
  REQUIREMENTS,
  TEXT_FILTER,
  TONE_MAP_FILTERS,
  type ToolVersion,
} from "./requirements.ts";
import { runTool } from "./run.ts";

/** The two programs that were found, and checked to be able to do what the server needs. */
export interface Toolset extends ToolVersion {
  /** Absolute paths. */
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** Whether HDR can be tone-mapped; without it, HDR is shown, but pale. */
  readonly canToneMap: boolean;
  /** Whether text subtitles can be burnt in. */
  readonly canSetText: boolean;
}

/** Where to look; a path that is given is used and nothing else. */
export interface LocateOptions {
  readonly ffmpegPath?: string;
  readonly ffprobePath?: string;
  readonly clock: Clock;
  /** PATH is read from here. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

const CHECK_TIMEOUT_MS = 30_000;
const INSTALL =
  "Install it with your system's package manager (Debian, Ubuntu: sudo apt install ffmpeg; " +
  "Fedora with RPM Fusion: sudo dnf install ffmpeg; Arch: sudo pacman -S ffmpeg; macOS: brew install ffmpeg), " +
  "or set EXSTREAMTV_FFMPEG (and EXSTREAMTV_FFPROBE) to the path of another one.";

/**
 * Finds ffmpeg and ffprobe and checks them. Throws AppError("ffmpeg_missing") when one is not there and
 * AppError("ffmpeg_unsuitable") with the list of what it lacks; both say how to get a good one.
 */
export async function locateFfmpeg(options: LocateOptions): Promise<Toolset> {
  const path = (options.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const ffmpeg = await find("ffmpeg", options.ffmpegPath, path);
  const beside = options.ffmpegPath === undefined ? path : [dirname(ffmpeg), ...path];
  const ffprobe = await find("ffprobe", options.ffprobePath, beside);
  const [version] = await Promise.all([readVersion(ffmpeg, options), readVersion(ffprobe, options)]);
  const lacking = (await Promise.all(REQUIREMENTS.map((need) => missingNames(ffmpeg, need, options)))).flat();
  if (lacking.length > 0) {
    throw new AppError(
      "ffmpeg_unsuitable",
      `${ffmpeg} (${version.version}) lacks ${lacking.join(", ")}. ${INSTALL}`,
    );
  }
  const filters = parseNames(await query(ffmpeg, "-filters", options));
  const canToneMap = TONE_MAP_FILTERS.every((name) => filters.has(name));
  return { ffmpeg, ffprobe, canToneMap, canSetText: filters.has(TEXT_FILTER), ...version };
}

async function find(name: string, given: string | undefined, path: readonly string[]): Promise<string> {
  if (given?.includes("/")) {
    const problem = await whyNotExecutable(resolve(given));
    if (problem) throw new AppError("ffmpeg_missing", `${resolve(given)} ${problem}. ${INSTALL}`);
    return resolve(given);
  }
  for (const folder of path) {
    const candidate = resolve(folder, given ?? name);
    if (!(await whyNotExecutable(candidate))) return candidate;
  }
  throw new AppError(
    "ffmpeg_missing",
    `${given ?? name} was not found on PATH (${path.join(delimiter)}). ${INSTALL}`,
  );
}

async function whyNotExecutable(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return "does not exist";
  if (!stats.isFile()) return `is not a file (did you mean ${join(path, "ffmpeg")}?)`;
  return access(path, constants.X_OK).then(
    () => undefined,
    () => "is not executable",
  );
}

async function readVersion(binary: string, options: LocateOptions): Promise<ToolVersion> {
  const version = parseVersion(await query(binary, "-version", options));
  if (!version)
    throw new AppError("ffmpeg_unsuitable", `${binary} is not ffmpeg: it reports no version. ${INSTALL}`);
  if (!isRecentEnough(version)) {
    const minimum = MINIMUM.release.join(".");
    throw new AppError(
      "ffmpeg_unsuitable",
      `${binary} is version ${version.version}; ${minimum} or newer is needed. ${INSTALL}`,
    );
  }
  return version;
}

async function missingNames(
  binary: string,
  need: (typeof REQUIREMENTS)[number],
  options: LocateOptions,
): Promise<string[]> {
  const present = parseNames(await query(binary, need.option, options));
  return need.names.filter((name) => !present.has(name)).map((name) => `the ${need.kind} ${name}`);
}

async function query(binary: string, option: string, { clock, signal }: LocateOptions): Promise<string> {
  const result = await runTool({
    binary,
    args: ["-hide_banner", option],
    clock,
    signal,
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  if (result.exit.code === 0) return result.stdout.toString();
  const reason = result.timedOut ? "it did not answer in time" : (result.stderrTail.at(-1) ?? "no message");
  throw new AppError("ffmpeg_unsuitable", `${binary} ${option} failed: ${reason}. ${INSTALL}`);
}
