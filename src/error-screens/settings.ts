import type { Config } from "../config/schema.ts";
import { ScreenReason } from "../media/screen-modes.ts";
import { type Catalogue, ENGLISH, loadCatalogue } from "./catalogue.ts";
import {
  type ErrorScreenConfig,
  type ErrorScreenMessage,
  type OnNotice,
  parseScreenConfig,
} from "./message.ts";

/** What a screen says beside the words of its reason. */
export interface ScreenFacts {
  readonly channelName?: string;
  readonly channelNumber?: number | string;
  /** When the programme goes on, if that is known. */
  readonly estimatedReturn?: Date;
  readonly errorCode?: string;
  /** Shows the time of day, and counts down. Default false. */
  readonly isLive?: boolean;
}

/** A screen that is to be rendered. */
export interface WantedScreen {
  readonly message: ErrorScreenMessage;
  readonly config: ErrorScreenConfig;
}

type Section = Config["error_screens"];

/** The configuration's section `error_screens`, ready for use. */
export class ScreenSettings {
  /** How screens look and sound. */
  readonly defaults: ErrorScreenConfig;
  readonly catalogue: Catalogue;
  /** How long players that are one too many are shown a picture; 0: not at all. */
  readonly sessionLimitSeconds: number;
  readonly #reasons: Section["reasons"];
  readonly #onNotice: OnNotice;

  /** Reads the catalogue's file. Throws `config_invalid` when it is of no use. */
  constructor(section: Section, onNotice: OnNotice) {
    const { catalogue, reasons, session_limit_seconds, ...look } = section;
    this.sessionLimitSeconds = session_limit_seconds;
    this.defaults = parseScreenConfig(withoutEmpty(look), onNotice);
    this.catalogue = catalogue === "" ? ENGLISH : loadCatalogue(catalogue);
    this.#reasons = reasons;
    this.#onNotice = onNotice;
  }

  /**
   * The screen for a reason: its words in the configured language, and what the configuration says of this reason.
   */
  for(reason: ScreenReason, facts: ScreenFacts): WantedScreen {
    const { enabled, title, subtitle, ...look } = this.#reasons[reason] ?? {};
    const words = this.catalogue.reasons[reason];
    const { isLive = false, ...others } = facts;
    return {
      message: {
        title: title ?? words.title,
        subtitle: subtitle ?? words.subtitle,
        timestamp: isLive,
        ...others,
      },
      config: this.look(withoutEmpty(look)),
    };
  }

  /** Whether a screen is wanted for this reason at all. */
  isEnabled(reason: ScreenReason): boolean {
    return this.#reasons[reason]?.enabled ?? true;
  }

  /** A look that somebody wishes for, in camelCase or snake_case, on top of the configured one. */
  look(wish: unknown): ErrorScreenConfig {
    return { ...this.defaults, ...parseScreenConfig(wish, this.#onNotice) };
  }

  /** The reasons whose screens are worth having ready before anything goes wrong. */
  get expected(): readonly ScreenReason[] {
    const { LOADING, CHANNEL_RESTARTING, SOURCE_UNAVAILABLE, RECOVERING, OFF_AIR } = ScreenReason;
    const likely = [LOADING, CHANNEL_RESTARTING, SOURCE_UNAVAILABLE, RECOVERING, OFF_AIR];
    return likely.filter((reason) => this.isEnabled(reason));
  }
}

/** An empty text in the configuration means: not set. */
function withoutEmpty(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== "" && value !== undefined),
  );
}
