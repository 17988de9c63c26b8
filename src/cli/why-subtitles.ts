import { basename } from "node:path";
import { chooseAudio } from "../ffmpeg/choose-audio.ts";
import { chooseSubtitle, type SubtitleSettings } from "../ffmpeg/choose-subtitle.ts";
import type { MediaFacts, SidecarFacts, SubtitleFacts } from "../ffmpeg/media-facts.ts";

/** A subtitle track, and whether it would be seen on air. */
export interface WhySubtitle {
  readonly track: string;
  readonly burnt_in: boolean;
}

/** All subtitles of a file and beside it, with the one that would be burnt in. */
export function reportSubtitles(
  facts: MediaFacts,
  sidecars: readonly SidecarFacts[],
  audioLanguages: readonly string[] = [],
  settings: SubtitleSettings = { burnIn: "off", languages: [] },
): WhySubtitle[] {
  const tracks = [...sidecars, ...facts.subtitleStreams];
  const audio = chooseAudio(facts.audioStreams, audioLanguages);
  const chosen = facts.video && chooseSubtitle(tracks, audio, settings);
  return tracks.map((track) => ({ track: describeTrack(track), burnt_in: track === chosen }));
}

function describeTrack(track: SidecarFacts | SubtitleFacts): string {
  const { kind, language, isForced, isHearingImpaired, isCommentary } = track;
  return [
    "path" in track ? basename(track.path) : track.codec,
    kind === "bitmap" ? "pictures" : (kind ?? "of a kind that cannot be burnt in"),
    language,
    isForced && "forced",
    isHearingImpaired && "for the deaf",
    isCommentary && "commentary",
    "title" in track && track.title,
  ]
    .filter((word) => typeof word === "string")
    .join(", ");
}
