const SAMPLE_RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
const AAC_LC = 2;

/** The part of an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) that an ADTS header repeats. */
export interface AudioConfig {
  readonly objectType: number;
  readonly sampleRateIndex: number;
  readonly sampleRate: number;
  readonly channels: number;
}

/** Reads an AudioSpecificConfig; undefined when it is not plain AAC-LC with an indexed sample rate. */
export function parseAudioConfig(config: Uint8Array): AudioConfig | undefined {
  if (config.length < 2) return undefined;
  const objectType = config[0]! >> 3;
  const sampleRateIndex = ((config[0]! & 7) << 1) | (config[1]! >> 7);
  const sampleRate = SAMPLE_RATES[sampleRateIndex];
  if (objectType !== AAC_LC || sampleRate === undefined) return undefined;
  return { objectType, sampleRateIndex, sampleRate, channels: (config[1]! >> 3) & 15 };
}

/** Length of an ADTS header without CRC, in bytes. */
export const ADTS_HEADER_BYTES = 7;

/** Writes an ADTS header (ISO/IEC 14496-3 1.A.2.2) for a raw frame of `frameBytes` at `offset` of `target`. */
export function writeAdtsHeader(
  target: Uint8Array,
  offset: number,
  config: AudioConfig,
  frameBytes: number,
): void {
  const length = frameBytes + ADTS_HEADER_BYTES;
  target[offset] = 0xff;
  target[offset + 1] = 0xf1;
  target[offset + 2] =
    ((config.objectType - 1) << 6) | (config.sampleRateIndex << 2) | (config.channels >> 2);
  target[offset + 3] = ((config.channels & 3) << 6) | (length >> 11);
  target[offset + 4] = (length >> 3) & 0xff;
  target[offset + 5] = ((length & 7) << 5) | 0x1f;
  target[offset + 6] = 0xfc;
}

/** A raw AAC-LC stereo frame that decodes to 1,024 samples of digital silence at any sample rate. */
export const SILENT_STEREO_FRAME: Uint8Array = Uint8Array.of(0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c);

/** The AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) of AAC-LC in 1 … 7 channels. Throws RangeError at an odd rate. */
export function audioConfig(sampleRate: number, channels: number): Uint8Array {
  const index = SAMPLE_RATES.indexOf(sampleRate);
  if (index < 0) throw new RangeError(`AAC has no index for ${sampleRate} Hz`);
  return Uint8Array.of((AAC_LC << 3) | (index >> 1), ((index & 1) << 7) | (channels << 3));
}
