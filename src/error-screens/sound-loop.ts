import type { Random } from "../base/random.ts";
import { AAC_FRAME_SAMPLES } from "../media/house-format.ts";
import { ErrorAudioMode } from "../media/screen-modes.ts";

/** A sound without an end: mono samples at 48 kHz, behind the last of which the first one follows again. */
export type SoundPeriod = Float32Array;

const RATE = 48_000;
/** 704 cycles of 440 Hz are exactly 75 audio frames: neither the tone nor the codec's frames have a seam. */
const TONE = { hertz: 440, frames: 75 };
/** Long enough that no pattern is heard in the noise. */
const NOISE_FRAMES = 188;
/** A beep about every two seconds; its ends are rounded off, since a tone that is cut clicks. */
const BEEP = { hertz: 1000, frames: 94, seconds: 0.15, rampSeconds: 0.008 };

/**
 * One period of a sound at a level in dBFS as in AES17: 0 is a sine that just fits, and noise is as strong as the
 * sine of its level. A whole number of audio frames long.
 */
export function soundPeriod(mode: ErrorAudioMode, levelDbfs: number, random: Random): SoundPeriod {
  const amplitude = 10 ** (levelDbfs / 20);
  switch (mode) {
    case ErrorAudioMode.SILENT:
      return new Float32Array(AAC_FRAME_SAMPLES);
    case ErrorAudioMode.SINE_WAVE:
      return period(TONE.frames, (index) => amplitude * wave(TONE.hertz, index));
    case ErrorAudioMode.WHITE_NOISE: {
      // Even distribution from −a to a has an RMS of a/√3, a sine one of a/√2.
      const most = amplitude * Math.sqrt(3 / 2);
      return period(NOISE_FRAMES, () => most * (2 * random() - 1));
    }
    case ErrorAudioMode.BEEP:
      return period(BEEP.frames, (index) => amplitude * beepEnvelope(index / RATE) * wave(BEEP.hertz, index));
  }
}

function period(frames: number, sampleAt: (index: number) => number): SoundPeriod {
  return Float32Array.from({ length: frames * AAC_FRAME_SAMPLES }, (_, index) => sampleAt(index));
}

function wave(hertz: number, index: number): number {
  return Math.sin((2 * Math.PI * hertz * index) / RATE);
}

function beepEnvelope(seconds: number): number {
  const { seconds: length, rampSeconds } = BEEP;
  const fromEnds = Math.min(seconds, length - seconds) / rampSeconds;
  if (fromEnds <= 0) return 0;
  return fromEnds >= 1 ? 1 : 0.5 - 0.5 * Math.cos(Math.PI * fromEnds);
}
