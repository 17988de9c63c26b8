import type { ErrorVisualMode } from "../media/screen-modes.ts";
import type { Rgb } from "./colours.ts";

/**
 * Everything that the picture of a screen depends on beside its size: words that are ready to be set (clean, in the
 * viewers' language and time zone), colours, and the paths of pictures and fonts. Equal views are equal pictures.
 */
export interface ScreenView {
  readonly visualMode: ErrorVisualMode;
  readonly title: string;
  readonly subtitle: string;
  readonly channelName: string;
  readonly channelNumber: string;
  /** The time of day. This and the following words are empty when they are not to be shown. */
  readonly clock: string;
  /** When the programme comes back. */
  readonly returnTime: string;
  /** How long that is from now. */
  readonly countdown: string;
  readonly errorCode: string;
  readonly background: Rgb;
  readonly text: Rgb;
  readonly accent: Rgb;
  /** Size of the title's letters as a share of the picture's height, when it is short. */
  readonly titleSize: number;
  /** Path of a picture that covers the screen (`static`). */
  readonly image?: string;
  /** Path of the channel's logo. */
  readonly logo?: string;
  /** Path of a font to be preferred. */
  readonly font?: string;
}
