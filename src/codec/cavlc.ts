import type { BitWriter } from "./bit-writer.ts";

/** A codeword: its bits, and how many. */
interface Code {
  readonly value: number;
  readonly length: number;
}

/** Coefficients of a block of DC of 4:2:0 chroma. */
const CHROMA_DC = 4;
/** Most ones at the end of a block that coeff_token tells of. */
const MAX_TRAILING_ONES = 3;
/** level_prefix behind which the level stands in 12 bits (9.2.2.1). */
const ESCAPE_PREFIX = 15;
const ESCAPE_BITS = 12;
const MAX_SUFFIX_BITS = 6;

/** coeff_token where no neighbour has coefficients (table 9-5, 0 ≤ nC < 2), by their number and that of trailing ones. */
const COEFF_TOKEN = codes([
  "1",
  "000101 01",
  "00000111 000100 001",
  "000000111 00000110 0000101 00011",
  "0000000111 000000110 00000101 000011",
  "00000000111 0000000110 000000101 0000100",
  "0000000001111 00000000110 0000000101 00000100",
  "0000000001011 0000000001110 00000000101 000000100",
  "0000000001000 0000000001010 0000000001101 0000000100",
  "00000000001111 00000000001110 0000000001001 00000000100",
  "00000000001011 00000000001010 00000000001101 0000000001100",
  "000000000001111 000000000001110 00000000001001 00000000001100",
  "000000000001011 000000000001010 000000000001101 00000000001000",
  "0000000000001111 000000000000001 000000000001001 000000000001100",
  "0000000000001011 0000000000001110 0000000000001101 000000000001000",
  "0000000000000111 0000000000001010 0000000000001001 0000000000001100",
  "0000000000000100 0000000000000110 0000000000000101 0000000000001000",
]);
/** total_zeros of a block of 16 (tables 9-7 and 9-8), by the number of coefficients, from 1, and of zeros. */
const TOTAL_ZEROS = codes([
  "1 011 010 0011 0010 00011 00010 000011 000010 0000011 0000010 00000011 00000010 000000011 000000010 000000001",
  "111 110 101 100 011 0101 0100 0011 0010 00011 00010 000011 000010 000001 000000",
  "0101 111 110 101 0100 0011 100 011 0010 00011 00010 000001 00001 000000",
  "00011 111 0101 0100 110 101 100 0011 011 0010 00010 00001 00000",
  "0101 0100 0011 111 110 101 100 011 0010 00001 0001 00000",
  "000001 00001 111 110 101 100 011 010 0001 001 000000",
  "000001 00001 101 100 011 11 010 0001 001 000000",
  "000001 0001 00001 011 11 10 010 001 000000",
  "000001 000000 0001 11 10 001 01 00001",
  "00001 00000 001 11 10 01 0001",
  "0000 0001 001 010 1 011",
  "0000 0001 01 1 001",
  "000 001 1 01",
  "00 01 1",
  "0 1",
]);
/** The same of the four DC coefficients of 4:2:0 chroma (nC = −1; table 9-9 a). */
const CHROMA_COEFF_TOKEN = codes([
  "01",
  "000111 1",
  "000100 000110 001",
  "000011 0000011 0000010 000101",
  "000010 00000011 00000010 0000000",
]);
const CHROMA_TOTAL_ZEROS = codes(["1 01 001 000", "1 01 00", "1 0"]);
/** run_before (table 9-10), by the zeros that are left, from 1 (the last row: more than 6), and the run. */
const RUN_BEFORE = codes([
  "1 0",
  "1 01 00",
  "11 10 01 00",
  "11 10 01 001 000",
  "11 10 011 010 001 000",
  "11 000 001 011 010 101 100",
  "111 110 101 100 011 010 001 0001 00001 000001 0000001 00000001 000000001 0000000001 00000000001",
]);

/**
 * Writes a block in the order of scanning (ITU-T H.264 7.3.5.3.2): 16 coefficients whose neighbours have none, or
 * the four of chroma DC. Levels up to ±2,000 are possible.
 */
export function writeBlock(w: BitWriter, coefficients: Int16Array): void {
  const size = coefficients.length;
  const isChroma = size === CHROMA_DC;
  const places: number[] = [];
  for (let place = size - 1; place >= 0; place--) if (coefficients[place] !== 0) places.push(place);
  const total = places.length;
  const levels = places.map((place) => coefficients[place]!);
  const firstLarge = levels.findIndex((level) => Math.abs(level) !== 1);
  const ones = Math.min(MAX_TRAILING_ONES, firstLarge < 0 ? total : firstLarge);
  write(w, (isChroma ? CHROMA_COEFF_TOKEN : COEFF_TOKEN)[total]![ones]!);
  if (total === 0) return;
  for (let index = 0; index < ones; index++) w.flag(levels[index]! < 0);
  writeLevels(w, levels, ones);
  const zeros = places[0]! + 1 - total;
  if (total < size) write(w, (isChroma ? CHROMA_TOTAL_ZEROS : TOTAL_ZEROS)[total - 1]![zeros]!);
  writeRuns(w, places, zeros);
}

/** The levels behind the trailing ones, from the last coefficient to the first (9.2.2). */
function writeLevels(w: BitWriter, levels: readonly number[], ones: number): void {
  let suffixBits = levels.length > 10 && ones < MAX_TRAILING_ONES ? 1 : 0;
  for (let index = ones; index < levels.length; index++) {
    const level = levels[index]!;
    let code = level > 0 ? 2 * level - 2 : -2 * level - 1;
    // The first one cannot be ±1, or it would have been a trailing one.
    if (index === ones && ones < MAX_TRAILING_ONES) code -= 2;
    writeLevel(w, code, suffixBits);
    if (suffixBits === 0) suffixBits = 1;
    if (Math.abs(level) > 3 << (suffixBits - 1) && suffixBits < MAX_SUFFIX_BITS) suffixBits++;
  }
}

function writeLevel(w: BitWriter, code: number, suffixBits: number): void {
  const escapeFrom = suffixBits === 0 ? 30 : ESCAPE_PREFIX << suffixBits;
  if (code >= escapeFrom) {
    writePrefixed(w, ESCAPE_PREFIX, ESCAPE_BITS, code - escapeFrom);
  } else if (suffixBits === 0 && code >= 14) {
    writePrefixed(w, 14, 4, code - 14);
  } else {
    writePrefixed(w, code >> suffixBits, suffixBits, code & ((1 << suffixBits) - 1));
  }
}

function writePrefixed(w: BitWriter, prefix: number, suffixBits: number, suffix: number): void {
  w.bits(prefix + 1, 1);
  w.bits(suffixBits, suffix);
}

/** How the zeros lie between the coefficients (9.2.3), whose places fall. */
function writeRuns(w: BitWriter, places: readonly number[], zeros: number): void {
  let left = zeros;
  for (let index = 0; index + 1 < places.length && left > 0; index++) {
    const run = places[index]! - places[index + 1]! - 1;
    write(w, RUN_BEFORE[Math.min(left, RUN_BEFORE.length) - 1]![run]!);
    left -= run;
  }
}

function write(w: BitWriter, { value, length }: Code): void {
  w.bits(length, value);
}

/** Codewords as the standard's tables print them. */
function codes(rows: readonly string[]): readonly (readonly Code[])[] {
  return rows.map((row) =>
    row.split(" ").map((word) => ({ value: Number.parseInt(word, 2), length: word.length })),
  );
}
