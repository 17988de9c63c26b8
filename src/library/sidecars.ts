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
  readonly #folders = new Map<string, Promise<Sidecars>>();

  /** The subtitle files of a media file, in natural order; empty when its folder cannot be read. */
  async of(mediaPath: string): Promise<SidecarFacts[]> {
    const folder = dirname(mediaPath);
    const listing = this.#folders.get(folder) ?? sidecarsIn(folder);
    this.#folders.set(folder, listing);
    const found: SidecarFacts[] = [];
    for (const name of (await listing).get(stemOf(mediaPath)) ?? []) {
      const traits = parseSidecarName(name, basename(mediaPath));
      const path = join(folder, name);
      const stats = traits && (await stat(path).catch(() => undefined));
      if (!stats?.isFile() || stats.size === 0) continue;
      found.push({ path, sizeBytes: stats.size, mtimeMs: stats.mtimeMs, ...traits!, kind: "text" });
    }
    return found;
  }
}

/** Names of subtitle files, in natural order, by the stem of the media file that they belong to. */
type Sidecars = ReadonlyMap<string, readonly string[]>;

async function sidecarsIn(folder: string): Promise<Sidecars> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => !isHidden(name));
  const stems = new Set(names.filter(hasMediaExtension).map(stemOf));
  const found = new Map<string, string[]>();
  for (const name of names.filter((each) => EXTENSIONS.has(extname(each).toLowerCase()))) {
    const owner = ownerOf(name, stems);
    if (owner !== undefined) found.set(owner, [...(found.get(owner) ?? []), name]);
  }
  for (const each of found.values()) each.sort(compareNaturalPaths);
  return found;
}

/** The longest stem that a name continues behind a dot: `Film 2.en.srt` is not of `Film.mkv`. */
function ownerOf(name: string, stems: ReadonlySet<string>): string | undefined {
  for (let dot = name.lastIndexOf("."); dot > 0; dot = name.lastIndexOf(".", dot - 1)) {
    const stem = name.slice(0, dot);
    if (stems.has(stem)) return stem;
  }
  return undefined;
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
