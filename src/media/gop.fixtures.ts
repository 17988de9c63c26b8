import { type Random, seededRandom } from "../base/random.ts";
import type { Gop, Samples } from "./gop.ts";
import { FrameGrid, type HouseFormat } from "./house-format.ts";

/** What a synthetic Gop is made from; its bytes have the right shape and no meaning. */
export interface GopRecipe {
  readonly format: HouseFormat;
  readonly frames: number;
  readonly firstFrame?: number;
  readonly seed?: number;
  /** Largest access unit, in bytes. */
  readonly maxUnitBytes?: number;
  /** Exact sizes of the access units in bytes, instead. */
  readonly unitBytes?: readonly number[];
  /** Smallest and largest audio frame, in bytes. */
  readonly minAudioBytes?: number;
  readonly maxAudioBytes?: number;
  /** level_idc of the sequence parameter set. */
  readonly level?: number;
  /** Leave out the audio altogether. */
  readonly silent?: boolean;
}

/** A Gop as an encoder of the house format would deliver it, with two B-pictures between references. */
export function syntheticGop(recipe: GopRecipe): Gop {
  const { format, frames, firstFrame = 0, maxUnitBytes = 2000, silent = false } = recipe;
  const { unitBytes = [], minAudioBytes = 20, maxAudioBytes = 420, level = 30 } = recipe;
  const random = seededRandom(recipe.seed ?? 1);
  const grid = new FrameGrid(format);
  const from = Math.max(0, grid.audioFrame(firstFrame) - 1);
  const to = grid.audioFrame(firstFrame + frames) + 1;
  const units = Array.from({ length: frames }, (_, index) =>
    accessUnit(random, index === 0 ? 0x65 : 0x41, maxUnitBytes, unitBytes[index]),
  );
  const audio = Array.from({ length: silent ? 0 : to - from }, () =>
    bytes(random, minAudioBytes + Math.floor(random() * (maxAudioBytes - minAudioBytes))),
  );
  return {
    parameters: {
      sps: Uint8Array.of(0x67, 0x64, 0x00, level, 0xac),
      pps: Uint8Array.of(0x68, 0xee, 0x3c),
      audioConfig: Uint8Array.of(0x11, 0x90),
    },
    firstFrame,
    video: joined(units),
    displayOrder: displayOrder(frames),
    firstAudioFrame: from,
    audio: joined(audio),
  };
}

const LONGEST_DISTINCT = 2048;

function displayOrder(frames: number): Uint16Array {
  const order: number[] = [0];
  for (let next = 1; next < frames; ) {
    const reference = Math.min(next + 2, frames - 1);
    order.push(reference);
    for (; next < reference; next++) order.push(next);
    next = reference + 1;
  }
  return Uint16Array.from(order);
}

function accessUnit(random: Random, header: number, maxBytes: number, exactBytes?: number): Uint8Array {
  const size = exactBytes === undefined ? 1 + Math.floor(random() * maxBytes) : Math.max(1, exactBytes - 4);
  const unit = bytes(random, 4 + size);
  new DataView(unit.buffer).setUint32(0, size);
  unit[4] = header;
  return unit;
}

/** Never zero, so that no start code can arise by accident; what is long repeats itself. */
function bytes(random: Random, length: number): Uint8Array {
  const made = new Uint8Array(length);
  const distinct = Math.min(length, LONGEST_DISTINCT);
  for (let at = 0; at < distinct; at++) made[at] = 1 + Math.floor(random() * 255);
  for (let at = distinct; at < length; at += distinct)
    made.copyWithin(at, 0, Math.min(distinct, length - at));
  return made;
}

function joined(parts: readonly Uint8Array[]): Samples {
  const offsets = new Uint32Array(parts.length);
  let end = 0;
  for (const [index, part] of parts.entries()) {
    offsets[index] = end;
    end += part.length;
  }
  return { data: Buffer.concat(parts), offsets, sizes: Uint32Array.from(parts, (part) => part.length) };
}
