import { inspect } from "node:util";

/**
 * Every failure that a person or a program can meet, in one place. `status` is the HTTP status that the API
 * and the outputs answer with; `docs/errors.md` says what to do about each (a test compares the two).
 */
export const ERRORS = {
  config_unreadable: { status: 500, title: "The configuration file cannot be read" },
  config_invalid: { status: 500, title: "The configuration is not valid" },
  data_folder_unusable: { status: 500, title: "The data folder cannot be used" },
  data_folder_locked: { status: 500, title: "The data folder is in use by another server" },
  address_in_use: { status: 500, title: "The address is in use by another program" },
  address_unusable: { status: 500, title: "The address cannot be listened on" },
  ffmpeg_missing: { status: 503, title: "ffmpeg was not found" },
  ffmpeg_unsuitable: { status: 503, title: "This ffmpeg lacks something that is needed" },
  media_folder_missing: { status: 500, title: "The media folder does not exist" },
  media_folder_empty: { status: 500, title: "No channel can be made from the media folder" },
  media_unreadable: { status: 422, title: "The file cannot be played" },
  subtitles_unusable: { status: 422, title: "The subtitles cannot be shown" },
  encoder_failed: { status: 502, title: "The encoder ended before its work was done" },
  encoder_stalled: { status: 504, title: "The encoder stopped delivering" },
  encoder_short: { status: 502, title: "The file ended before its stated length" },
  fragment_malformed: { status: 502, title: "The fragmented MP4 stream is malformed" },
  gop_contract: { status: 502, title: "A group of pictures breaks the house format" },
  transport_stream_unreadable: { status: 422, title: "The transport stream cannot be read" },
  picture_refused: { status: 422, title: "The picture cannot be used" },
  painter_failed: { status: 500, title: "A screen could not be painted" },
  error_screen_invalid: { status: 400, title: "The error screen is not valid" },
  error_screen_busy: { status: 503, title: "Too many error screens are waiting to be made" },
  media_not_found: { status: 404, title: "There is no such file" },
  start_invalid: { status: 400, title: "The file cannot be started there" },
  on_demand_full: { status: 503, title: "Enough files are being played on demand" },
  channel_not_found: { status: 404, title: "There is no such channel" },
  max_sessions_reached: { status: 503, title: "Max sessions reached" },
  session_not_found: { status: 404, title: "Session not found" },
  too_many_listeners: { status: 503, title: "Too many programs listen to events" },
  management_local_only: { status: 403, title: "Management answers this machine only" },
  host_refused: { status: 403, title: "The server is not known by this name" },
  origin_refused: { status: 403, title: "A foreign web page may not do this" },
  not_ready: { status: 503, title: "The server is not ready" },
  interrupted: { status: 503, title: "Interrupted" },
  route_not_found: { status: 404, title: "There is nothing at this address" },
  request_invalid: { status: 400, title: "The request is not valid" },
  source_suspended: { status: 503, title: "The source is left alone for a while" },
  source_unavailable: { status: 502, title: "The source cannot be had" },
  live_not_on_demand: { status: 409, title: "A live source cannot be played on demand" },
  encoders_full: { status: 503, title: "Enough encoders are running" },
  memory_short: { status: 503, title: "There is too little memory for another encoder" },
  descriptors_short: { status: 503, title: "There are too few file descriptors left" },
  internal: { status: 500, title: "Something went wrong inside the server" },
  swap_disabled: { status: 409, title: "Hot swap is switched off" },
  channel_off_air: { status: 409, title: "The channel is not on air" },
  swap_too_short: { status: 422, title: "The alternative does not reach to the programme's end" },
  swap_path_refused: { status: 422, title: "The file is not in the media folder" },
  swap_url_unsupported: { status: 422, title: "An address cannot be swapped in" },
  house_format_differs: { status: 409, title: "The house format differs" },
} as const;

/** A stable, documented name of a failure. */
export type ErrorCode = keyof typeof ERRORS;

/** What an error may carry beside its sentence. */
export interface AppErrorOptions extends ErrorOptions {
  /** Further members of the problem details that are answered, for programs (RFC 9457 3.2); no secrets. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** The one error class that leaves a module: a registered code, what happened in this case, and its cause. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly members: AppErrorOptions["members"];

  constructor(code: ErrorCode, detail: string, options?: AppErrorOptions) {
    super(detail, options);
    this.name = "AppError";
    this.code = code;
    this.members = options?.members;
  }
}

/** Gives any thrown value an `AppError`, keeping it as the cause. */
export function toAppError(thrown: unknown, code: ErrorCode = "internal"): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError(code, detailOf(thrown), { cause: thrown });
}

function detailOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  // Not String(): it throws on an object without a prototype.
  return typeof thrown === "string" ? thrown : inspect(thrown);
}
