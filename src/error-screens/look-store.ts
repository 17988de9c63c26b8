import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "../base/atomic-write.ts";
import { AppError } from "../base/errors.ts";
import { OverrideFile, type WarningLog } from "../base/override-file.ts";
import { type OverrideChange, type OverrideStore, Overrides } from "../base/overrides.ts";
import { AUDIO_MODES, VISUAL_MODES } from "../media/screen-modes.ts";
import { parseColour } from "./colours.ts";

const FOLDER = "error-screens";

const colour = () =>
  z
    .string()
    .refine(
      (value) => parseColour(value) !== undefined,
      "expected #rrggbb or a basic name, for instance navy",
    );

/** What a channel may have of its own in the look of its screens. */
export const OWN_LOOK = z.strictObject({
  visual_mode: z.enum(VISUAL_MODES).optional(),
  audio_mode: z.enum(AUDIO_MODES).optional(),
  volume: z.number().min(-60).max(-6).optional(),
  background_color: colour().optional(),
  text_color: colour().optional(),
  accent_color: colour().optional(),
  font_size: z.number().min(24).max(200).optional(),
});

const KEPT_LOOK = OWN_LOOK.extend({
  /** Name of a file in the folder of pictures. */
  image: z
    .string()
    .regex(/^channel-\d{1,9}\.png$/)
    .optional(),
});

/** See `OWN_LOOK`. */
export type OwnLook = z.output<typeof OWN_LOOK>;

/** The same with `image`, the path of the channel's own picture. */
export type ScreenLook = z.output<typeof KEPT_LOOK>;

/** The looks that channels have of their own, in `error-screens.json` and a folder of pictures in the data folder. */
export class LookStore {
  readonly #folder: string;
  readonly #overrides: Overrides<ScreenLook>;

  private constructor(folder: string, store: OverrideStore<ScreenLook>) {
    this.#folder = folder;
    this.#overrides = new Overrides(store);
  }

  /** See `OverrideFile.open`. */
  static async open(dataFolder: string, log: WarningLog): Promise<LookStore> {
    const path = join(dataFolder, `${FOLDER}.json`);
    const subject = "channels' own error screens";
    const store = await OverrideFile.open({ path, schema: KEPT_LOOK, subject, log });
    return new LookStore(join(dataFolder, FOLDER), store);
  }

  /** What a channel has of its own. */
  of(channelId: number): ScreenLook {
    const look = this.#overrides.of(channelId);
    return look.image === undefined ? look : { ...look, image: join(this.#folder, look.image) };
  }

  /** Changes it; resolves when it is kept. Throws AppError("data_folder_unusable"). */
  change(channelId: number, change: OverrideChange<OwnLook>): Promise<void> {
    return this.#overrides.change(channelId, change);
  }

  /** Keeps a channel's picture (PNG), or none. Throws AppError("data_folder_unusable"). */
  async setImage(channelId: number, png: Uint8Array | undefined): Promise<void> {
    const name = `channel-${channelId}.png`;
    const path = join(this.#folder, name);
    try {
      await mkdir(this.#folder, { recursive: true });
      if (png) await writeAtomically(path, png);
    } catch (cause) {
      throw new AppError("data_folder_unusable", `${path}: ${(cause as Error).message}`, { cause });
    }
    await this.#overrides.change(channelId, { image: png ? name : null });
    if (!png) await rm(path, { force: true });
  }
}
