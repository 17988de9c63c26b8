import { divide, rational } from "../base/rational.ts";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { unknownFacts } from "../ffmpeg/probe-address.ts";
import type { SourceAddress } from "../ffmpeg/source-address.ts";
import { AAC_FRAME_SAMPLES, type HouseFormat } from "../media/house-format.ts";
import { type MediaFile, type Preferences, planItem } from "./open-encoder.ts";
import type { LiveInput, PlayItem } from "./source.ts";

/** Slot of a live source that is its channel's only item: the run goes on from slot to slot. */
export const LIVE_CHANNEL_SECONDS = 24 * 3600;

/** A programme that can be had in several places, the most preferred first. */
export interface MediaWithPlaces extends MediaFile {
  readonly places: readonly ({ readonly address: SourceAddress } | { readonly facts: MediaFacts })[];
  /** Its length; undefined when it has no end. */
  readonly seconds?: number;
}

/** How such programmes are planned. */
export interface PlacesPlan {
  readonly preferences?: Preferences;
  /** Slot of a source without end. */
  readonly slotSeconds: number;
  readonly live: LiveInput;
  /** What was last known of an address. */
  readonly known: (address: SourceAddress) => MediaFacts | undefined;
}

/** Plans such a programme for a channel: all places to the same length. */
export function planPlaces(media: MediaWithPlaces, format: HouseFormat, plan: PlacesPlan): PlayItem {
  const isLive = media.seconds === undefined;
  const seconds = media.seconds ?? plan.slotSeconds;
  // What nothing can take the place of is not judged.
  const live = media.places.length > 1 ? plan.live : { delayMs: plan.live.delayMs };
  const planned = media.places.map((place): PlayItem => {
    const isAddress = "address" in place;
    const known = isAddress ? plan.known(place.address) : place.facts;
    const facts = { ...(known ?? unknownFacts("", seconds)), durationSeconds: seconds };
    const path = isAddress ? place.address.label : facts.path;
    const file = { id: media.id, title: media.title, facts: { ...facts, path } };
    return {
      ...planItem(file, format, isLive ? {} : plan.preferences),
      ...(isAddress ? { address: place.address } : {}),
      ...(isLive ? { live } : {}),
    };
  });
  const [first, ...alternates] = planned.map((item) => ({
    ...item,
    frames: isLive ? wholePeriods(seconds, format) : planned[0]!.frames,
  }));
  return alternates.length > 0 ? { ...first!, alternates } : first!;
}

/**
 * Frames of a slot in which groups of pictures and audio frames both come out even, so that a run goes on into the
 * next one without a seam: about `seconds`, one period at least.
 */
export function wholePeriods(seconds: number, { fps, gopFrames, audioSampleRate }: HouseFormat): number {
  const audioFrames = divide(rational(audioSampleRate, AAC_FRAME_SAMPLES), fps);
  const period = (audioFrames.den * gopFrames) / greatestCommonDivisor(audioFrames.den, gopFrames);
  return Math.max(1, Math.round((seconds * fps.num) / fps.den / period)) * period;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
