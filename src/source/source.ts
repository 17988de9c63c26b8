import type { AppError } from "../base/errors.ts";
import type { MediaFacts } from "../ffmpeg/probe.ts";
import type { SourceAddress } from "../ffmpeg/source-address.ts";
import type { Urgency } from "../ffmpeg/spawn-request.ts";
import type { Gop } from "../media/gop.ts";
import type { ItemSubtitle } from "./burn-in.ts";
import type { Gain } from "./loudness-gain.ts";

/** One file in a channel's line-up. */
export interface PlayItem {
  readonly mediaId: number;
  readonly title: string;
  readonly facts: MediaFacts;
  /** Planned length in house frames: what the schedule counts with, kept to the frame. */
  readonly frames: number;
  /** Index of the audio stream that is heard; undefined for silence. */
  readonly audioStream?: number;
  readonly gain?: Gain;
  /** The subtitle track that is burnt in; undefined for none. */
  readonly subtitle?: ItemSubtitle;
  /** Where it is had, when that is not a file at `facts.path`; `facts` are then found when it is opened. */
  readonly address?: SourceAddress;
  /** It is taken as it arrives, without an end and without places to seek to. */
  readonly live?: LiveInput;
  /** Other places of the same programme, the most preferred first, each planned to the same `frames`. */
  readonly alternates?: readonly PlayItem[];
}

/** How a live input is played. */
export interface LiveInput {
  /** What arrives is shown so much later, in ms: the time in which a failure can be repaired unseen. */
  readonly delayMs: number;
  /** See `WatchLimits`; undefined when nothing is looked for. */
  readonly watch?: WatchLimits;
}

/** How long a source's picture may stand still or be black, and its sound silent, in seconds; 0 is for ever. */
export interface WatchLimits {
  readonly frozenSeconds: number;
  readonly blackSeconds: number;
  readonly silentSeconds: number;
}

/**
 * Where a channel's Gops come from. `next` gives them in order, each beginning where the last one ended, and
 * undefined after the item's last frame. What goes wrong is thrown by `next`, as an AppError.
 */
export interface Source {
  next(): Promise<Gop | undefined>;
  /** Ends it and everything it owns; idempotent. */
  close(): Promise<void>;
  /** Calls `listener` when another run of the same source delivers, until the returned function is called. */
  onRecovery?(listener: () => void): () => void;
}

/**
 * How a run is made: as usual; by the software encoder; or safely, with everything left out that could be what fails: in software, without
 * subtitles, with new timestamps, patiently, decoding in one thread. What comes out keeps to the same house format.
 */
export type RunProfile = (typeof RUN_PROFILES)[number];

/** Names of the ways in which a run can be made. */
export const RUN_PROFILES = ["usual", "software", "safe"] as const;

/** Which part of an item is wanted, and how its sound lies on the channel. */
export interface Cue {
  /**
   * Item frame to begin with; its Gops follow from here in steps of the house format's gopFrames. Runs of one airing
   * lie on one grid: on a channel that of the item's zero, on demand that of the wanted start.
   */
  readonly startFrame: number;
  /** `FrameGrid.audioPhase` of the channel frame at which the item begins; the same for all runs of one airing. */
  readonly audioPhase: number;
  /** Item frame from which on Gops are still of use: where a run begins that has had to wait. */
  readonly neededFrame?: () => number;
  /** How long it is until that frame is on air, in ms. */
  readonly leftMs?: () => number;
  /** Default `usual`. */
  readonly profile?: RunProfile;
  /** How badly the run is wanted, asked whenever it might begin; default a viewer waits for it. */
  readonly urgency?: () => Urgency;
  /** For whom it is: the same object for all runs of one airing; default nobody else's. */
  readonly owner?: object;
  /** Takes why a run that is wanted does not begin yet, or was broken off to begin anew later. */
  readonly onHeldUp?: (reason: AppError) => void;
}

/** Opens an item. */
export type OpenSource = (item: PlayItem, cue: Cue) => Source;
