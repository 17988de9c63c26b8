import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Rational, rational } from "../src/base/rational.ts";
import { makeFrameNumberClip } from "../test/support/frame-number.ts";
import { runOrThrow } from "../test/support/process.ts";
import type { Upstream } from "../test/support/upstream.ts";
import { type Bill, LiveBill, Playbill, type Programme } from "./playbill.ts";

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

interface ChannelPlan {
  readonly folder: string;
  readonly recipes: readonly Recipe[];
}

/** One channel that viewers watch. */
export interface ChannelUnderFire {
  /** Below the media folder. */
  readonly folder: string;
  readonly bill: Bill;
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

/** Long enough that a film does not fit what its connection holds. */
const DISTANT: ChannelPlan = {
  folder: "2 Distant",
  recipes: [
    { name: "1 Alpha.mp4", seconds: 41, convert: "-c copy -movflags +faststart" },
    { name: "2 Bravo.mp4", seconds: 43, convert: "-c copy -movflags +faststart" },
  ],
};

const NUMBERS_OF_CHANNEL = 20_000;
const NUMBERS_OF_PROGRAMME = 4_000;

/** The channels of most faults, all of them files below `folder`. */
export async function makeFileChannels(folder: string): Promise<ChannelUnderFire[]> {
  const channels: ChannelUnderFire[] = [];
  for (const [index, plan] of [FILMS, SERIES, MIXED].entries()) {
    const programmes = await makeFiles(join(folder, plan.folder), plan, index);
    channels.push({ folder: plan.folder, bill: new Playbill(programmes, HOUSE.fps) });
  }
  return channels;
}

/** Names of what the upstream server of `makeNetworkChannels` serves. */
export const UPSTREAM = { films: ["alpha", "bravo"], live: "news" };

/**
 * The channels of faults of sources: one of files, which nothing may happen to, one of films on another server, and
 * one that is live from there. `host`: the name by which it is addressed.
 */
export async function makeNetworkChannels(
  folder: string,
  upstream: Upstream,
  host: string,
): Promise<ChannelUnderFire[]> {
  const address = (path: string) => upstream.url(path).replace("127.0.0.1", host);
  const films = await makeFiles(join(folder, FILMS.folder), FILMS, 0);
  const origin = await makeFiles(join(folder, "..", "upstream"), DISTANT, 1);
  await mkdir(join(folder, DISTANT.folder), { recursive: true });
  for (const [index, name] of UPSTREAM.films.entries()) {
    const { file, frames } = origin[index]!;
    upstream.file(name, file);
    const text = `#EXTINF:${frames / HOUSE.fps},${name}\n${address(`${name}.mp4`)}\n`;
    await writeFile(join(folder, DISTANT.folder, `${index + 1} ${name}.strm`), text);
  }
  await upstream.broadcast(UPSTREAM.live, { width: HOUSE.width, height: HOUSE.height });
  await mkdir(join(folder, "3 Live"), { recursive: true });
  await writeFile(join(folder, "3 Live", "news.strm"), `${address(`${UPSTREAM.live}.ts`)}\n`);
  return [
    { folder: FILMS.folder, bill: new Playbill(films, HOUSE.fps) },
    { folder: DISTANT.folder, bill: new Playbill(origin, HOUSE.fps) },
    { folder: "3 Live", bill: new LiveBill(UPSTREAM.live) },
  ];
}

/** Makes the files of a channel; its programmes, in the order of its schedule. */
async function makeFiles(home: string, plan: ChannelPlan, index: number): Promise<Programme[]> {
  await mkdir(home, { recursive: true });
  const programmes: Programme[] = [];
  for (const [place, recipe] of plan.recipes.entries()) {
    const first = index * NUMBERS_OF_CHANNEL + place * NUMBERS_OF_PROGRAMME;
    programmes.push(await make(home, recipe, first));
  }
  return programmes;
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
