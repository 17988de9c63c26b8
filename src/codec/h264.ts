/** H.264 NAL unit types that this project asks about (ITU-T H.264 table 7-1). */
export const NalType = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, accessUnitDelimiter: 9 } as const;

/** Bytes of the length in front of each NAL unit of a sample, here and in every MP4 that we accept. */
export const NAL_LENGTH_BYTES = 4;

/** What a length-prefixed access unit consists of, as far as splicing needs to know. */
export interface AccessUnitShape {
  /** The NAL units fill the sample exactly. */
  readonly wellFormed: boolean;
  readonly idr: boolean;
}

/** Walks the NAL units of a length-prefixed access unit (ISO/IEC 14496-15 5.3.3). Never reads beyond it. */
export function accessUnitShape(sample: Uint8Array): AccessUnitShape {
  const view = new DataView(sample.buffer, sample.byteOffset, sample.byteLength);
  let position = 0;
  let idr = false;
  let coded = false;
  while (position + NAL_LENGTH_BYTES < sample.length) {
    const size = view.getUint32(position);
    const next = position + NAL_LENGTH_BYTES + size;
    if (size === 0 || next > sample.length) return { wellFormed: false, idr };
    const type = sample[position + NAL_LENGTH_BYTES]! & 0x1f;
    if (type === NalType.idr) idr = true;
    if (type >= NalType.slice && type <= NalType.idr) coded = true;
    position = next;
  }
  return { wellFormed: coded && position === sample.length, idr };
}
