import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { canonicalLanguage } from "../ffmpeg/choose-audio.ts";
import type { SidecarFacts, SubtitleTraits } from "../ffmpeg/media-facts.ts";
import { hasMediaExtension, isHidden } from "./media-files.ts";
import { compareNaturalPaths } from "./natural-order.ts";

/** Extensions of subtitle files that are looked for beside media. */
const EXTENSIONS = new Set([".srt", ".ass", ".ssa", ".vtt"]);

/** Words of a name that are no language, whatever they look like. */
const FLAGS: Readonly<Record<string, keyof SubtitleTraits>> = {
  ...{ forced: "isForced", foreign: "isForced", default: "isDefault", commentary: "isCommentary" },
  ...{ sdh: "isHearingImpaired", cc: "isHearingImpaired", hi: "isHearingImpaired" },
};

const IN_ENGLISH = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });
/** English names of languages that have a code of two letters, by which files are called as well. */
const LANGUAGE_NAMES = languageNames();

/**
 * Reads the name of a subtitle file (`Film.en.forced.srt`) beside the media file `mediaName` (`Film.mkv`); undefined
 * when it does not belong to it. What it says between the two, blanks and dots apart: a language (code or English
 * name), `forced`, `sdh`, `cc`, `hi` (behind a language), `commentary`, `default`; other words mean nothing.
 */
export function parseSidecarName(name: string, mediaName: string): SubtitleTraits | undefined {
  const extension = extname(name);
  const stem = stemOf(mediaName);
  if (!EXTENSIONS.has(extension.toLowerCase()) || !`${stemOf(name)}.`.startsWith(`${stem}.`))
    return undefined;
  const traits: { -readonly [Key in keyof SubtitleTraits]: SubtitleTraits[Key] } = {};
  const words = stemOf(name).slice(stem.length).toLowerCase();
  for (const word of words.split(/[\s.[\]()]+/).filter((each) => each !== "")) {
    const flag = FLAGS[word];
    // "hi" is Hindi where it is the only language.
    if (flag && !(word === "hi" && traits.language === undefined)) Object.assign(traits, { [flag]: true });
    else traits.language ??= LANGUAGE_NAMES.get(word) ?? knownLanguage(word);
  }
  return traits;
}

/** Finds the subtitle files beside media, reading each folder once. */
export class SidecarFinder {
  readonly #folders = new Map<string, Promise<readonly string[]>>();

  /** The subtitle files of a media file, in natural order; empty when its folder cannot be read. */
  async of(mediaPath: string): Promise<SidecarFacts[]> {
    const folder = dirname(mediaPath);
    const listing = this.#folders.get(folder) ?? namesIn(folder);
    this.#folders.set(folder, listing);
    const names = await listing;
    const found: SidecarFacts[] = [];
    for (const name of names) {
      const traits =
        ownerOf(name, names) === stemOf(mediaPath) && parseSidecarName(name, basename(mediaPath));
      if (!traits) continue;
      const path = join(folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (!stats?.isFile() || stats.size === 0) continue;
      found.push({ path, sizeBytes: stats.size, mtimeMs: stats.mtimeMs, ...traits, kind: "text" });
    }
    return found;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => !isHidden(name)).sort(compareNaturalPaths);
}

/** The stem of the media file that a subtitle file belongs to: `Film 2.en.srt` is not of `Film.mkv`. */
function ownerOf(name: string, names: readonly string[]): string | undefined {
  return names
    .filter((each) => hasMediaExtension(each) && name.startsWith(`${stemOf(each)}.`))
    .map(stemOf)
    .reduce<string | undefined>((a, b) => (a !== undefined && a.length >= b.length ? a : b), undefined);
}

function stemOf(path: string): string {
  return basename(path, extname(path));
}

/** Any two or three letters could be a code: only those of languages that have a name are taken for one. */
function knownLanguage(word: string): string | undefined {
  const code = canonicalLanguage(word);
  return code !== undefined && IN_ENGLISH.of(code) !== undefined ? code : undefined;
}

function languageNames(): ReadonlyMap<string, string> {
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  return new Map(
    codes.flatMap((code) => {
      const name = IN_ENGLISH.of(code);
      return name === undefined ? [] : [[name.toLowerCase(), canonicalLanguage(code) ?? code]];
    }),
  );
}
