import { parseAudioConfig } from "../codec/aac.ts";
import { NAL_LENGTH_BYTES } from "../codec/h264.ts";
import type { CodecParameters } from "../media/gop.ts";
import { type Box, ByteReader, boxesIn, childBox, malformed } from "./boxes.ts";

/** Sample defaults of a track (`trex`, ISO/IEC 14496-12 8.8.3). */
export interface TrackDefaults {
  readonly duration: number;
  readonly size: number;
}

/** What the `moov` of our encoder says: one H.264 track, one AAC-LC track. */
export interface InitSegment {
  readonly parameters: CodecParameters;
  readonly videoTrackId: number;
  readonly audioTrackId: number;
  /** Ticks per second of the video track. */
  readonly videoTimescale: number;
  readonly audioSampleRate: number;
  readonly defaults: ReadonlyMap<number, TrackDefaults>;
}

interface Track {
  readonly id: number;
  readonly timescale: number;
  readonly sampleEntry: Box;
}

/** Parses the body of a `moov` box. Throws `fragment_malformed` for anything but one H.264 and one AAC-LC track. */
export function parseInitSegment(moov: Uint8Array): InitSegment {
  const tracks: Track[] = [];
  const defaults = new Map<number, TrackDefaults>();
  for (const box of boxesIn(moov, "moov")) {
    if (box.type === "trak") tracks.push(parseTrack(moov, box));
    if (box.type === "mvex") parseDefaults(moov, box, defaults);
  }
  const video = tracks.find((track) => track.sampleEntry.type === "avc1");
  const audio = tracks.find((track) => track.sampleEntry.type === "mp4a");
  if (!video || !audio || tracks.length !== 2) {
    throw malformed(`expected one avc1 and one mp4a track, found ${tracks.map((t) => t.sampleEntry.type)}`);
  }
  const audioConfig = parseEsds(moov, audio.sampleEntry);
  const config = parseAudioConfig(audioConfig);
  if (!config) throw malformed("the audio is not AAC-LC");
  return {
    parameters: { ...parseAvcConfiguration(moov, video.sampleEntry), audioConfig },
    videoTrackId: video.id,
    audioTrackId: audio.id,
    videoTimescale: video.timescale,
    audioSampleRate: config.sampleRate,
    defaults,
  };
}

function parseTrack(moov: Uint8Array, trak: Box): Track {
  const header = childBox(moov, "tkhd", trak);
  const tkhd = new ByteReader(moov, "tkhd", header.start, header.end);
  tkhd.skip(tkhd.u32() >>> 24 === 1 ? 16 : 8);
  const id = tkhd.u32();
  const mdia = childBox(moov, "mdia", trak);
  const media = childBox(moov, "mdhd", mdia);
  const mdhd = new ByteReader(moov, "mdhd", media.start, media.end);
  mdhd.skip(mdhd.u32() >>> 24 === 1 ? 16 : 8);
  const timescale = mdhd.u32();
  if (timescale === 0) throw malformed("a track has no time scale");
  const stbl = childBox(moov, "stbl", childBox(moov, "minf", mdia));
  const stsd = childBox(moov, "stsd", stbl);
  const [sampleEntry] = boxesIn(moov, "stsd", stsd.start + 8, Math.max(stsd.start + 8, stsd.end));
  if (!sampleEntry) throw malformed("a track has no sample description");
  return { id, timescale, sampleEntry };
}

function parseDefaults(moov: Uint8Array, mvex: Box, defaults: Map<number, TrackDefaults>): void {
  for (const box of boxesIn(moov, "mvex", mvex.start, mvex.end)) {
    if (box.type !== "trex") continue;
    const trex = new ByteReader(moov, "trex", box.start, box.end);
    trex.skip(4);
    const id = trex.u32();
    trex.skip(4);
    defaults.set(id, { duration: trex.u32(), size: trex.u32() });
  }
}

/** SPS and PPS of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1.2). */
function parseAvcConfiguration(moov: Uint8Array, avc1: Box): { sps: Uint8Array; pps: Uint8Array } {
  const body = { type: "avc1", start: avc1.start + 78, end: Math.max(avc1.start + 78, avc1.end) };
  const box = childBox(moov, "avcC", body);
  const avcC = new ByteReader(moov, "avcC", box.start, box.end);
  avcC.skip(4);
  if ((avcC.u8() & 3) + 1 !== NAL_LENGTH_BYTES) throw malformed("NAL unit lengths are not 4 bytes");
  const [sps] = parameterSets(moov, avcC, avcC.u8() & 31);
  const [pps] = parameterSets(moov, avcC, avcC.u8());
  if (!sps || !pps) throw malformed("the video track lacks its parameter sets");
  return { sps, pps };
}

function parameterSets(moov: Uint8Array, avcC: ByteReader, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => {
    const size = avcC.u16();
    const at = avcC.skip(size);
    return moov.slice(at, at + size);
  });
}

/** The AudioSpecificConfig inside an `esds` box (ISO/IEC 14496-14 5.6, descriptors of 14496-1 7.2.6). */
function parseEsds(moov: Uint8Array, mp4a: Box): Uint8Array {
  const body = { type: "mp4a", start: mp4a.start + 28, end: Math.max(mp4a.start + 28, mp4a.end) };
  const box = childBox(moov, "esds", body);
  const esds = new ByteReader(moov, "esds", box.start + 4, Math.max(box.start + 4, box.end));
  while (esds.left > 0) {
    const tag = esds.u8();
    const size = descriptorSize(esds);
    if (tag === 0x05) {
      const at = esds.skip(size);
      return moov.slice(at, at + size);
    }
    if (tag === 0x03) esds.skip(3);
    else if (tag === 0x04) esds.skip(13);
    else esds.skip(size);
  }
  throw malformed("the audio track has no AudioSpecificConfig");
}

function descriptorSize(reader: ByteReader): number {
  let size = 0;
  for (let index = 0; index < 4; index++) {
    const byte = reader.u8();
    size = (size << 7) | (byte & 0x7f);
    if (byte < 0x80) return size;
  }
  return size;
}
