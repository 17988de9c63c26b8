import { frameCount, type Gop } from "../media/gop.ts";
import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import { SILENCE, type TimedGop } from "../media/timed-gop.ts";

/**
 * Lays Gops end to end on a channel's timeline: video on its frame grid, audio on a grid of its own (1,024
 * samples a frame) that runs on without gap or overlap whatever the items are.
 *
 * Both grids are functions of the channel's frame number alone, so the Splicer keeps no state: a Gop can be
 * placed, taken back and placed again. An item's audio is moved as a whole to the nearest frame of the audio
 * grid, so that its error against the picture is the same for the whole item and at most half a frame (10.7 ms);
 * a source that is told the `audioPhase` of its place encodes the sound shifted by that error, and has none.
 */
export class Splicer {
  readonly #grid: FrameGrid;

  constructor(format: Pick<HouseFormat, "fps" | "audioSampleRate">) {
    this.#grid = new FrameGrid(format);
  }

  /**
   * Places `gop` at channel frame `frame`. The item's own frame 0 thereby lies at `frame - gop.firstFrame`,
   * which may be before the channel began.
   */
  place(gop: Gop, frame: number): TimedGop {
    const audioFrame = this.#grid.audioFrame(frame);
    const audioEnd = this.#grid.audioFrame(frame + frameCount(gop));
    const itemStart = this.#grid.audioFrame(frame - gop.firstFrame);
    const available = gop.audio.sizes.length;
    const audio = new Int16Array(audioEnd - audioFrame);
    for (let slot = 0; slot < audio.length; slot++) {
      const index = audioFrame + slot - itemStart - gop.firstAudioFrame;
      audio[slot] = index >= 0 && index < available ? index : SILENCE;
    }
    return { gop, frame, audioFrame, audio };
  }
}
