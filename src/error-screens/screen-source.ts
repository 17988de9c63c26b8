import type { Gop } from "../media/gop.ts";
import type { ScreenReason } from "../media/screen-modes.ts";

/** What is to be shown in place of a programme. Equal cues mean the same screen, which goes on. */
export interface ScreenCue {
  readonly reason: ScreenReason;
  /** Class or code of the failure, for those who are asked for it. */
  readonly errorCode?: string;
  /** When the programme is expected back, in ms since the epoch. */
  readonly returnMs?: number;
  /** In place of the reason's words. */
  readonly title?: string;
  readonly subtitle?: string;
}

/** Where a Gop of a screen is to be placed. */
export interface ScreenPlace {
  /** Channel frame with which it begins. */
  readonly frame: number;
  /** Most pictures that it may have. */
  readonly room: number;
  /** When viewers see it, in ms since the epoch. */
  readonly shownAtMs: number;
}

/** What a channel takes Gops from while there is no programme: from memory, at once, for as long as it likes. */
export interface ScreenSource {
  /** The Gop for a place; with the time and without waiting, whatever has become of the screen. Must not throw. */
  next(cue: ScreenCue, place: ScreenPlace): Gop;
  /** Whether what `next` gave last repeats the programme's last picture. */
  readonly isHolding: boolean;
  /**
   * The programme is late, or will not come: a screen may follow `last`, the Gop that was fed last. Resolves when the
   * screen is as it should be; until then there is another one. Never rejects.
   */
  anticipate(last: Gop): Promise<void>;
  /** The programme is on again. */
  rest(): void;
  /** Something that screens depend on has changed: they are made anew, and shown when they are there. */
  renew(): void;
  /** Makes a screen ready; resolves when it is, or cannot be had. Never rejects. */
  prepare(cue: ScreenCue): Promise<void>;
  /** The channel goes off air. */
  close(): void;
}
