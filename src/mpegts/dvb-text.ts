/** Decodes a text of service information by its leading character table code (ETSI EN 300 468 Annex A). */
export function decodeDvbText(bytes: Uint8Array): string {
  const first = bytes[0] ?? 0x20;
  if (first >= 0x20) return decodeSingleByte(bytes, "iso-8859-1");
  if (first === 0x15) return new TextDecoder("utf-8").decode(bytes.subarray(1));
  if (first === 0x11) return new TextDecoder("utf-16be").decode(bytes.subarray(1));
  if (first === 0x10) return decodeSingleByte(bytes.subarray(3), iso8859(bytes[2] ?? 1));
  if (first <= 0x0b) return decodeSingleByte(bytes.subarray(1), iso8859(first + 4));
  return decodeSingleByte(bytes.subarray(1), "iso-8859-1");
}

// Part 12 was never made; 9 and 11 go by the names of their supersets.
function iso8859(part: number): string {
  return part >= 1 && part <= 15 && part !== 12 ? `iso-8859-${part}` : "iso-8859-1";
}

// 0x80 to 0x9F are control codes there: emphasis on and off, line break (Annex A.1).
function decodeSingleByte(bytes: Uint8Array, label: string): string {
  return new TextDecoder(label).decode(bytes.filter((byte) => byte >= 0x20 && (byte < 0x7f || byte >= 0xa0)));
}
