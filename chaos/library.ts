import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Rational, rational } from "../src/base/rational.ts";
import { makeFrameNumberClip } from "../test/support/frame-number.ts";
import { runOrThrow } from "../test/support/process.ts";
import type { Programme } from "./playbill.ts";

/** House format of the channels: three encoders of it fit two cores. 16:9 exactly, so that bars fill the picture. */
export const HOUSE = { width: 384, height: 216, fps: 30 };

/** A file of a channel, and how it is made of a clip with frame numbers. */
interface Recipe {
  readonly name: string;
  readonly seconds: number;
  readonly fps?: number;
  readonly width?: number;
  readonly height?: number;
  /** Arguments of ffmpeg that make the file of the clip; without them it is the clip. */
  readonly convert?: string;
  readonly hasNumbers?: false;
}

/** What a channel is made of. */
export interface ChannelPlan {
  readonly folder: string;
  readonly recipes: readonly Recipe[];
}

/** Lengths that share no divisor: a leap of an hour, or of a programme, is never a whole number of loops. */
const FILMS: ChannelPlan = {
  folder: "1 Films",
  recipes: [
    { name: "1 Alpha.mp4", seconds: 23 },
    { name: "2 Bravo.mkv", seconds: 29 },
    { name: "3 Charlie.mp4", seconds: 31 },
  ],
};
const SERIES: ChannelPlan = {
  folder: "2 Series",
  recipes: [
    { name: "1 Delta.mkv", seconds: 19 },
    { name: "2 Echo.mp4", seconds: 27 },
    { name: "3 Foxtrot.mkv", seconds: 37 },
  ],
};
/** Everything changes from one programme to the next. */
const MIXED: ChannelPlan = {
  folder: "3 Mixed",
  recipes: [
    { name: "1 Plain.mp4", seconds: 19 },
    {
      ...{ name: "2 Mpeg.mkv", seconds: 12, fps: 25, width: 640, height: 360 },
      convert: "-c:v mpeg2video -b:v 3M -c:a mp2",
    },
    {
      ...{ name: "3 Fast.mkv", seconds: 13, fps: 50, width: 320, height: 180 },
      convert: "-c:v libx265 -preset ultrafast -x265-params log-level=error -c:a libopus -ar 48000",
    },
    { name: "4 Mute.mp4", seconds: 12, convert: "-an -c copy" },
    { name: "5 Blind.m4a", seconds: 9, convert: "-vn -c copy", hasNumbers: false },
  ],
};

/** The channels of most faults. */
export const CHANNELS: readonly ChannelPlan[] = [FILMS, SERIES, MIXED];

const NUMBERS_OF_CHANNEL = 20_000;
const NUMBERS_OF_PROGRAMME = 4_000;

/** Makes the files of all channels below `folder`; returns the programmes of each, in the order of its schedule. */
export async function makeLibrary(folder: string, plans: readonly ChannelPlan[]): Promise<Programme[][]> {
  const bills: Programme[][] = [];
  for (const [index, plan] of plans.entries()) {
    const home = join(folder, plan.folder);
    await mkdir(home, { recursive: true });
    const bill: Programme[] = [];
    for (const [place, recipe] of plan.recipes.entries()) {
      const first = index * NUMBERS_OF_CHANNEL + place * NUMBERS_OF_PROGRAMME;
      bill.push(await make(home, recipe, first));
    }
    bills.push(bill);
  }
  return bills;
}

async function make(folder: string, recipe: Recipe, firstNumber: number): Promise<Programme> {
  const { name, seconds, convert, hasNumbers = true } = recipe;
  const fps: Rational = rational(recipe.fps ?? HOUSE.fps);
  const { width = HOUSE.width, height = HOUSE.height } = recipe;
  // Noise makes the stream as large as film: otherwise an encoder's whole work would fit into its pipe.
  const shape = { seconds, fps, width, height, firstNumber, noisy: true };
  const file = join(folder, name);
  if (convert === undefined) await makeFrameNumberClip(folder, name, shape);
  else {
    const clip = await makeFrameNumberClip(join(folder, ".."), `.clip-${firstNumber}.mp4`, shape);
    const args = ["-hide_banner", "-nostdin", "-v", "error", "-y", "-i", clip, ...convert.split(" "), file];
    await runOrThrow("ffmpeg", args, { seconds: 120 });
  }
  const numbers = hasNumbers ? { first: firstNumber, fps } : undefined;
  return { file, frames: seconds * HOUSE.fps, ...(numbers && { numbers }) };
}
