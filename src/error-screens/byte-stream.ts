import { NAL_LENGTH_BYTES } from "../codec/h264.ts";
import type { Gop } from "../media/gop.ts";

const START_CODE = new Uint8Array([0, 0, 0, 1]);

/** The pictures of a Gop as an H.264 byte stream (ITU-T H.264 annex B), parameter sets first. */
export function byteStream({ parameters: { sps, pps }, video }: Gop): Uint8Array {
  const parts: Uint8Array[] = [START_CODE, sps, START_CODE, pps];
  const view = new DataView(video.data.buffer, video.data.byteOffset, video.data.byteLength);
  for (const [index, offset] of video.offsets.entries()) {
    const end = offset + video.sizes[index]!;
    for (let at = offset; at < end; ) {
      const from = at + NAL_LENGTH_BYTES;
      at = from + view.getUint32(at);
      parts.push(START_CODE, video.data.subarray(from, at));
    }
  }
  return Buffer.concat(parts);
}
