import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { Prepare } from "../ffmpeg/spawn-request.ts";
import type { Gop, Samples } from "../media/gop.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { ErrorAudioMode, ErrorVisualMode } from "../media/screen-modes.ts";
import type { PaintedStill } from "../source/open-encoder.ts";
import { Artefacts, type Demand } from "./artefacts.ts";
import { type Catalogue, ENGLISH } from "./catalogue.ts";
import { ErrorScreen } from "./error-screen.ts";
import { type ErrorStreamOptions, errorStream } from "./error-stream.ts";
import {
  type ErrorScreenConfig,
  type ErrorScreenMessage,
  parseMessage,
  parseScreenConfig,
} from "./message.ts";
import { runPainter } from "./painter.ts";
import {
  inFolder,
  type RenderSurroundings,
  readPictures,
  readSound,
  renderHeld,
  renderPictures,
  renderSound,
  soundArguments,
  stillCommand,
} from "./render.ts";
import { RenderQueue } from "./render-queue.ts";
import { ScreenCache } from "./screen-cache.ts";
import type { ScreenView } from "./screen-view.ts";
import { DEFAULT_LOOK, viewOf } from "./view-of.ts";

/** Goes up when the same view is painted otherwise, or the same sound sounds otherwise: older entries are forgotten. */
const RECIPE = 1;
/** Most bytes of rendered pictures and sounds that are kept in memory for being asked again. */
const PICTURE_BYTES = 64 * 2 ** 20;
const SOUND_BYTES = 8 * 2 ** 20;
/** Most bytes of the cache on disk. */
const DISK_BYTES = 256 * 2 ** 20;

/** What a generator works with. */
export interface ErrorScreenGeneratorOptions {
  /** The ffmpeg program; asked when one is first needed. */
  readonly ffmpeg: () => Promise<string>;
  /** Folder for files that are needed while something is rendered. */
  readonly folder: string;
  /** Folder in which rendered screens outlive the process; without it they are kept in memory only. */
  readonly cacheFolder?: string;
  readonly clock: Clock;
  /** The words that are in force; default English. */
  readonly catalogue?: () => Catalogue;
  /** IANA name; default the machine's. */
  readonly timeZone?: string;
  /** Takes sentences about names of older releases. */
  readonly onNotice?: (text: string) => void;
  /** Takes failures that are survived: a cache that cannot be read or written, a live screen that stays as it was. */
  readonly onFailure?: (failure: unknown) => void;
  /** Waits for room for what is not urgent, see `SpawnBudget`; default there always is. */
  readonly prepare?: Prepare;
  /** Whether screens may be written to disk at present; default always. */
  readonly mayWrite?: () => boolean;
}

/** What is wanted of a render. */
export interface RenderOptions {
  /** Before those that are not; default false. */
  readonly urgent?: boolean;
  /** The moment that is shown, in ms since the epoch; default now. */
  readonly atMs?: number;
}

/**
 * Makes screens: for the air as Gops of a channel's house format, for a look as PNG, for other programs as a
 * transport stream. Text is painted by a process of its own and never part of a command. One render runs at a time.
 */
export class ErrorScreenGenerator implements AsyncDisposable {
  readonly #options: ErrorScreenGeneratorOptions;
  readonly #abort = new AbortController();
  readonly #queue: RenderQueue;
  readonly #pictures: Artefacts<readonly Gop[]>;
  readonly #sounds: Artefacts<Samples>;

  constructor(options: ErrorScreenGeneratorOptions) {
    this.#options = options;
    const { cacheFolder, clock, prepare, mayWrite } = options;
    this.#queue = new RenderQueue(prepare);
    const onFailure = (failure: unknown) => this.report(failure);
    const disk =
      cacheFolder === undefined
        ? undefined
        : new ScreenCache({ folder: cacheFolder, maxBytes: DISK_BYTES, clock, onFailure, mayWrite });
    this.#pictures = new Artefacts(this.#queue, disk, PICTURE_BYTES);
    this.#sounds = new Artefacts(this.#queue, disk, SOUND_BYTES);
  }

  /**
   * A screen for the air: from memory or disk when it was made before, otherwise in some hundred milliseconds.
   * Throws `error_screen_invalid`, `picture_refused`, `error_screen_busy`, and what painter and encoder throw.
   */
  async render(
    message: ErrorScreenMessage,
    config: ErrorScreenConfig,
    format: HouseFormat,
    { urgent = false, atMs = this.#options.clock.wallNow() }: RenderOptions = {},
  ): Promise<ErrorScreen> {
    const content = { message: parseMessage(message), config: this.#parse(config), format };
    const view = this.#viewOf(content, atMs);
    // What shows the time of day is asked for once.
    const keep = content.message.timestamp === undefined || content.message.timestamp === false;
    const [pictures, sound] = await Promise.all([
      this.#picturesOf(view, format, { urgent, keep }),
      this.#soundOf(content.config, format, { urgent, keep: true }),
    ]);
    return new ErrorScreen(content, pictures, sound);
  }

  /** The same screen as it looks at another moment (ms since the epoch). Throws as `render`; the old one stays good. */
  async refresh(screen: ErrorScreen, atMs: number): Promise<ErrorScreen> {
    const view = this.#viewOf(screen.content, atMs);
    return screen.withPictures(
      await this.#picturesOf(view, screen.content.format, { urgent: false, keep: false }),
    );
  }

  /**
   * The last picture of a Gop, held in silence. Two short runs of ffmpeg, so some hundred milliseconds. Throws what
   * the decoder and the encoder throw.
   */
  hold(gop: Gop, format: HouseFormat): Promise<ErrorScreen> {
    return this.#queue.run(async () => {
      const bytes = await renderHeld(gop, format, await this.#surroundings());
      const content = { message: parseMessage({ title: "" }), config: {}, format };
      return new ErrorScreen(content, readPictures(bytes, format), undefined);
    }, true);
  }

  /** What a screen looks like, as a PNG. Throws as `render`. */
  async preview(
    message: ErrorScreenMessage,
    config: ErrorScreenConfig,
    { width, height }: { readonly width: number; readonly height: number },
    { urgent = true, atMs = this.#options.clock.wallNow() }: RenderOptions = {},
  ): Promise<Uint8Array> {
    const content = { message: parseMessage(message), config: this.#parse(config) };
    const view = this.#viewOf(content, atMs);
    return this.#paint(urgent, async (folder, surroundings) => {
      const output = join(folder, "preview.png");
      await runPainter({ kind: "screen", view, width, height, as: "png", output }, surroundings);
      return readFile(output);
    });
  }

  /** Paints a title alone, for what has sound and no picture. Throws as `render`. */
  async paintTitle(
    title: string,
    config: ErrorScreenConfig,
    { width, height }: HouseFormat,
  ): Promise<PaintedStill> {
    const look = { ...this.#parse(config), visualMode: ErrorVisualMode.TEXT, logo: undefined };
    const view = this.#viewOf({ message: parseMessage({ title }), config: look }, 0);
    const output = join(this.#options.folder, `title-${randomUUID()}.yuv`);
    const job = { kind: "screen", view, width, height, as: "i420", output } as const;
    await this.#paint(true, (_, surroundings) => runPainter(job, surroundings));
    const discard = () => rm(output, { force: true }).catch((failure: unknown) => this.report(failure));
    return { picture: { kind: "still", file: output }, discard };
  }

  /**
   * Takes a picture that somebody sent: told by its content, bounded in bytes and pixels, decoded in a process of its
   * own and written anew. Returns a PNG of at most 3840×2160. Throws `picture_refused` with what is wrong with it.
   */
  async importPicture(path: string): Promise<Uint8Array> {
    return this.#paint(false, async (folder, surroundings) => {
      const output = join(folder, "picture.png");
      await runPainter({ kind: "import", input: path, output }, surroundings);
      return readFile(output);
    });
  }

  /** A screen as a transport stream of its own, for other programs; see `errorStream`. */
  generateErrorStream(
    message: ErrorScreenMessage,
    config: ErrorScreenConfig = {},
    options: ErrorStreamOptions = {},
  ): AsyncIterable<Uint8Array> {
    return errorStream(this, this.#options.clock, { message, config, options });
  }

  /** Takes a failure that is survived. */
  report(failure: unknown): void {
    this.#options.onFailure?.(failure);
  }

  /** Ends what is being rendered and turns away what waits. */
  async close(): Promise<void> {
    const reason = new AppError("interrupted", "the generator of error screens was closed");
    this.#abort.abort(reason);
    await this.#queue.close(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #parse(config: ErrorScreenConfig): ErrorScreenConfig {
    return parseScreenConfig(config, (text) => this.#options.onNotice?.(text));
  }

  #viewOf({ message, config }: Omit<ErrorScreen["content"], "format">, atMs: number): ScreenView {
    const { catalogue = () => ENGLISH, timeZone } = this.#options;
    return viewOf(message, config, { atMs, catalogue: catalogue(), timeZone });
  }

  async #surroundings(signal?: AbortSignal): Promise<RenderSurroundings> {
    const { ffmpeg, folder, clock } = this.#options;
    return { ffmpeg: await ffmpeg(), folder, clock, signal: this.#either(signal) };
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#abort.signal]) : this.#abort.signal;
  }

  #paint<T>(
    urgent: boolean,
    work: (folder: string, surroundings: Omit<RenderSurroundings, "ffmpeg">) => Promise<T>,
  ): Promise<T> {
    const { folder, clock } = this.#options;
    return this.#queue.run(
      (signal) =>
        inFolder({ folder }, (own) => work(own, { folder: own, clock, signal: this.#either(signal) })),
      urgent,
    );
  }

  async #picturesOf(view: ScreenView, format: HouseFormat, demand: Demand): Promise<readonly Gop[]> {
    const [image, logo, font] = await Promise.all([view.image, view.logo, view.font].map(contentHash));
    const key = hashOf("pictures", { ...view, image, logo, font }, format, stillCommand("", format).args);
    const render = async (signal?: AbortSignal) =>
      renderPictures(view, format, await this.#surroundings(signal));
    return this.#pictures.get({ key, render, read: (bytes) => readPictures(bytes, format) }, demand);
  }

  async #soundOf(
    { audioMode = ErrorAudioMode.SILENT, volume = DEFAULT_LOOK.volume }: ErrorScreenConfig,
    format: HouseFormat,
    demand: Demand,
  ): Promise<Samples | undefined> {
    if (audioMode === ErrorAudioMode.SILENT) return undefined;
    const key = hashOf("sound", audioMode, volume, soundArguments("", format));
    const render = async (signal?: AbortSignal) =>
      renderSound(audioMode, volume, format, await this.#surroundings(signal));
    return this.#sounds.get({ key, render, read: readSound }, demand);
  }
}

function hashOf(...parts: readonly unknown[]): string {
  return createHash("sha256")
    .update(JSON.stringify([RECIPE, ...parts]))
    .digest("hex");
}

/** Hash of a file's content, in pieces: none of them holds anybody up. */
async function contentHash(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (cause) {
    throw new AppError("picture_refused", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return hash.digest("hex");
}
