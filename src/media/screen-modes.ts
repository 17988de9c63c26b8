/** What an error screen shows: words on a backdrop, a picture, colour bars, or words on one plain colour. */
export const ErrorVisualMode = {
  TEXT: "text",
  STATIC: "static",
  TEST_PATTERN: "test_pattern",
  SLATE: "slate",
} as const;

/** One of the visual modes. */
export type ErrorVisualMode = (typeof ErrorVisualMode)[keyof typeof ErrorVisualMode];

/** What an error screen sounds like: real silence, a tone of 440 Hz, white noise, or a short beep every two seconds. */
export const ErrorAudioMode = {
  SILENT: "silent",
  SINE_WAVE: "sine_wave",
  WHITE_NOISE: "white_noise",
  BEEP: "beep",
} as const;

/** One of the audio modes. */
export type ErrorAudioMode = (typeof ErrorAudioMode)[keyof typeof ErrorAudioMode];

/** Why a screen is shown instead of the programme. */
export const ScreenReason = {
  LOADING: "loading",
  CHANNEL_RESTARTING: "channel_restarting",
  SOURCE_UNAVAILABLE: "source_unavailable",
  RECOVERING: "recovering",
  NETWORK_INTERRUPTION: "network_interruption",
  OFF_AIR: "off_air",
  SESSION_LIMIT: "session_limit",
  MAINTENANCE: "maintenance",
} as const;

/** One of the reasons. */
export type ScreenReason = (typeof ScreenReason)[keyof typeof ScreenReason];

/** The visual modes, in the order of the guide. */
export const VISUAL_MODES = Object.values(ErrorVisualMode);
/** The audio modes, in the order of the guide. */
export const AUDIO_MODES = Object.values(ErrorAudioMode);
/** The reasons. */
export const SCREEN_REASONS = Object.values(ScreenReason);

/** Names of visual modes in older releases, and what they are called now. */
export const OLDER_VISUAL_MODES: Readonly<Record<string, ErrorVisualMode>> = {
  custom_image: ErrorVisualMode.STATIC,
  pic: ErrorVisualMode.STATIC,
  testsrc: ErrorVisualMode.TEST_PATTERN,
  black: ErrorVisualMode.SLATE,
  blank: ErrorVisualMode.SLATE,
};

/** Names of audio modes in older releases, and what they are called now. */
export const OLDER_AUDIO_MODES: Readonly<Record<string, ErrorAudioMode>> = {
  sine: ErrorAudioMode.SINE_WAVE,
  whitenoise: ErrorAudioMode.WHITE_NOISE,
  music_hold: ErrorAudioMode.SILENT,
};
