import { canonicalLanguage } from "./choose-audio.ts";
import type { AudioFacts, SubtitleKind, SubtitleTraits } from "./media-facts.ts";

/** Which subtitles an operator wants to be burnt in. */
export interface SubtitleSettings {
  /** forced: only what is foreign to the listener; preferred: everything, in one of `languages`. */
  readonly burnIn: "off" | "forced" | "preferred";
  /** ISO 639 codes, the most wanted first. */
  readonly languages: readonly string[];
  /** What this ffmpeg can burn in; default both. */
  readonly kinds?: readonly SubtitleKind[];
}

/**
 * The track to burn in; undefined for none. `preferred` takes the full track of the earliest language that is there,
 * without notes for the deaf if there is such a one, and never a commentary; where there is none, and with `forced`,
 * it is the forced track in the language of the sound, else in one of the preferred languages. A track that does not say
 * its language is the last resort of each. Among equals the file's default comes first, then the order of `tracks`.
 */
export function chooseSubtitle<Track extends SubtitleTraits>(
  tracks: readonly Track[],
  audio: Pick<AudioFacts, "language"> | undefined,
  { burnIn, languages, kinds = ["text", "bitmap"] }: SubtitleSettings,
): Track | undefined {
  if (burnIn === "off") return undefined;
  const usable = tracks.filter(({ kind, isCommentary }) => kind && kinds.includes(kind) && !isCommentary);
  const full = usable.filter(({ isForced }) => !isForced);
  const forced = usable.filter(({ isForced }) => isForced);
  return (
    (burnIn === "preferred" ? inLanguages(full, languages) : undefined) ??
    inLanguages(forced, [audio?.language, ...languages])
  );
}

function inLanguages<Track extends SubtitleTraits>(
  tracks: readonly Track[],
  wanted: readonly (string | undefined)[],
): Track | undefined {
  const known = wanted.map(canonicalLanguage).filter((language) => language !== undefined);
  for (const language of [...known, undefined]) {
    const found = tracks.filter((track) => canonicalLanguage(track.language) === language);
    const plain = found.filter(({ isHearingImpaired }) => !isHearingImpaired);
    const candidates = plain.length > 0 ? plain : found;
    if (candidates.length > 0) return candidates.find(({ isDefault }) => isDefault) ?? candidates[0];
  }
  return undefined;
}
