import type { Samples } from "../media/gop.ts";
import { type Box, ByteReader, boxesIn, childBox, malformed } from "./boxes.ts";
import type { InitSegment, TrackDefaults } from "./init-segment.ts";

/** The samples of one track in a fragment, with their times in ticks of the track. */
export interface TrackRun {
  readonly samples: Samples;
  /** Decoding time of each sample, counted from the first sample of the run. */
  readonly decodeTimes: Float64Array;
  /** Offset from decoding to composition time of each sample. */
  readonly compositionOffsets: Int32Array;
}

/** One `moof` + `mdat` pair (ISO/IEC 14496-12 8.8): with `frag_keyframe`, a GOP and about its audio. */
export interface Fragment {
  readonly video: TrackRun;
  readonly audio: TrackRun;
}

const MAX_SAMPLES = 4096;
const TFHD_BASE_DATA_OFFSET = 0x01;
const TFHD_SAMPLE_DESCRIPTION = 0x02;
const TFHD_DEFAULT_DURATION = 0x08;
const TFHD_DEFAULT_SIZE = 0x10;
const TFHD_DEFAULT_BASE_IS_MOOF = 0x020000;
const TRUN_DATA_OFFSET = 0x0001;
const TRUN_FIRST_FLAGS = 0x0004;
const TRUN_DURATION = 0x0100;
const TRUN_SIZE = 0x0200;
const TRUN_FLAGS = 0x0400;
const TRUN_COMPOSITION = 0x0800;

interface RunBuilder {
  offsets: number[];
  sizes: number[];
  decodeTimes: number[];
  compositionOffsets: number[];
  time: number;
}

/**
 * Reads the body of a `moof` whose samples lie in `mdat`, the body of the `mdat` that follows it directly.
 * `bodyDistance` is the number of bytes from the start of the moof box to the start of the mdat's body.
 */
export function parseMovieFragment(
  moof: Uint8Array,
  mdat: Uint8Array,
  bodyDistance: number,
  init: InitSegment,
): Fragment {
  const runs = new Map<number, RunBuilder>([
    [init.videoTrackId, emptyRun()],
    [init.audioTrackId, emptyRun()],
  ]);
  for (const box of boxesIn(moof, "moof")) {
    if (box.type === "traf") parseTrackFragment(moof, box, mdat.length, bodyDistance, init.defaults, runs);
  }
  return {
    video: finishRun(runs.get(init.videoTrackId)!, mdat),
    audio: finishRun(runs.get(init.audioTrackId)!, mdat),
  };
}

function parseTrackFragment(
  moof: Uint8Array,
  traf: Box,
  mdatLength: number,
  bodyDistance: number,
  trackDefaults: ReadonlyMap<number, TrackDefaults>,
  runs: ReadonlyMap<number, RunBuilder>,
): void {
  const header = childBox(moof, "tfhd", traf);
  const tfhd = new ByteReader(moof, "tfhd", header.start, header.end);
  const flags = tfhd.u32() & 0xffffff;
  const trackId = tfhd.u32();
  const run = runs.get(trackId);
  if (!run) throw malformed(`a fragment speaks of the unknown track ${trackId}`);
  if (flags & TFHD_BASE_DATA_OFFSET || !(flags & TFHD_DEFAULT_BASE_IS_MOOF)) {
    throw malformed("sample positions are not counted from the moof");
  }
  if (flags & TFHD_SAMPLE_DESCRIPTION) tfhd.skip(4);
  const inherited = trackDefaults.get(trackId);
  const duration = flags & TFHD_DEFAULT_DURATION ? tfhd.u32() : (inherited?.duration ?? 0);
  const size = flags & TFHD_DEFAULT_SIZE ? tfhd.u32() : (inherited?.size ?? 0);
  for (const box of boxesIn(moof, "traf", traf.start, traf.end)) {
    if (box.type !== "trun") continue;
    parseRun(
      new ByteReader(moof, "trun", box.start, box.end),
      run,
      { duration, size },
      mdatLength,
      bodyDistance,
    );
  }
}

function parseRun(
  trun: ByteReader,
  run: RunBuilder,
  defaults: TrackDefaults,
  mdatLength: number,
  bodyDistance: number,
): void {
  const flags = trun.u32() & 0xffffff;
  const count = trun.u32();
  if (run.sizes.length + count > MAX_SAMPLES)
    throw malformed(`a fragment of more than ${MAX_SAMPLES} samples`);
  if (!(flags & TRUN_DATA_OFFSET)) throw malformed("a run of samples without a position");
  let offset = trun.i32() - bodyDistance;
  if (flags & TRUN_FIRST_FLAGS) trun.skip(4);
  for (let index = 0; index < count; index++) {
    const duration = flags & TRUN_DURATION ? trun.u32() : defaults.duration;
    const size = flags & TRUN_SIZE ? trun.u32() : defaults.size;
    if (flags & TRUN_FLAGS) trun.skip(4);
    const composition = flags & TRUN_COMPOSITION ? trun.i32() : 0;
    if (size === 0 || offset < 0 || offset + size > mdatLength)
      throw malformed("a sample lies outside its mdat");
    run.offsets.push(offset);
    run.sizes.push(size);
    run.decodeTimes.push(run.time);
    run.compositionOffsets.push(composition);
    run.time += duration;
    offset += size;
  }
}

function emptyRun(): RunBuilder {
  return { offsets: [], sizes: [], decodeTimes: [], compositionOffsets: [], time: 0 };
}

function finishRun(run: RunBuilder, mdat: Uint8Array): TrackRun {
  return {
    samples: { data: mdat, offsets: Uint32Array.from(run.offsets), sizes: Uint32Array.from(run.sizes) },
    decodeTimes: Float64Array.from(run.decodeTimes),
    compositionOffsets: Int32Array.from(run.compositionOffsets),
  };
}
