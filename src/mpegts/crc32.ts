const POLYNOMIAL = 0x04c11db7;

// Four tables, so that four bytes are folded at a time ("slicing by four").
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(1024);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < 1024; index++) {
    const previous = tables[index - 256]!;
    tables[index] = (previous << 8) ^ tables[previous >>> 24]!;
  }
  return tables;
}

/**
 * CRC-32 of `bytes[start … end)` as sections carry it, as an unsigned number (ISO/IEC 13818-1 Annex A: start
 * value all ones, no reflection, no final inversion). Over a whole section with its CRC_32 field it is 0.
 */
export function crc32Mpeg(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let crc = -1;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    crc ^= (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    crc =
      TABLES[768 + (crc >>> 24)]! ^
      TABLES[512 + ((crc >>> 16) & 0xff)]! ^
      TABLES[256 + ((crc >>> 8) & 0xff)]! ^
      TABLES[crc & 0xff]!;
  }
  for (; at < end; at++) crc = (crc << 8) ^ TABLES[(crc >>> 24) ^ bytes[at]!]!;
  return crc >>> 0;
}
