import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../../src/base/clock.ts";
import type { AppError } from "../../src/base/errors.ts";
import type { MediaFacts } from "../../src/ffmpeg/media-facts.ts";
import { probeFile } from "../../src/ffmpeg/probe.ts";
import { SidecarFinder } from "../../src/library/sidecars.ts";
import { frameCount, type Gop } from "../../src/media/gop.ts";
import type { HouseFormat } from "../../src/media/house-format.ts";
import { Muxer } from "../../src/mpegts/muxer.ts";
import { BurnInChoice } from "../../src/source/burn-in-choice.ts";
import { openEncoder, type Preferences, planItem } from "../../src/source/open-encoder.ts";
import type { PlayItem } from "../../src/source/source.ts";
import { SubtitleFiles } from "../../src/source/subtitle-files.ts";
import { prepareWorkFolder } from "../../src/source/work-folder.ts";
import { Splicer } from "../../src/splice/splicer.ts";

const clock = new SystemClock();

/** The encoding part of a server, without channels: files in, Gops out. */
export class EncodingStudio implements AsyncDisposable {
  readonly folder: string;
  readonly format: HouseFormat;
  /** Why items were encoded without the subtitles that were chosen for them. */
  readonly leftOut: string[] = [];

  private constructor(folder: string, format: HouseFormat) {
    this.folder = folder;
    this.format = format;
  }

  /** Makes a studio with a temporary working folder. */
  static async open(format: HouseFormat): Promise<EncodingStudio> {
    const folder = await mkdtemp(join(tmpdir(), "exstreamtv-studio-"));
    await prepareWorkFolder(join(folder, "work"));
    return new EncodingStudio(folder, format);
  }

  /** Removes the working folder, with everything that was written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Probes and plans a file; `more` is added to its facts. */
  async plan(path: string, preferences: Preferences = {}, more: Partial<MediaFacts> = {}): Promise<PlayItem> {
    const probed = await probeFile(path, { toolset: { ffprobe: "ffprobe", ffmpeg: "ffmpeg" }, clock });
    const sidecars = await new SidecarFinder().of(path);
    const media = { id: 1, title: probed.title ?? path, facts: { ...probed, ...more }, sidecars };
    return planItem(media, this.format, preferences);
  }

  /** The Gops of an item from `startFrame` to its end. Throws what the source throws. */
  async encode(item: PlayItem, startFrame = 0): Promise<Gop[]> {
    const surroundings = { ffmpeg: "ffmpeg", folder: join(this.folder, "work"), clock };
    const burnIn = await this.#prepare(item, surroundings);
    const open = openEncoder({ ...surroundings, burnIn }, this.format);
    const source = open(item, { startFrame, audioPhase: 0 });
    try {
      const gops: Gop[] = [];
      for (let gop = await source.next(); gop; gop = await source.next()) gops.push(gop);
      return gops;
    } finally {
      await source.close();
    }
  }

  async #prepare(item: PlayItem, surroundings: { ffmpeg: string; folder: string; clock: SystemClock }) {
    const onFailure = (_: PlayItem, { code, message }: AppError) => this.leftOut.push(`${code}: ${message}`);
    const files = await SubtitleFiles.open({ ...surroundings, onFailure });
    await files.prepare([item]);
    return new BurnInChoice(files, ({ reason }) => this.leftOut.push(reason));
  }

  /**
   * Lays Gops end to end and writes them as a transport stream; returns its path. `rateOf` says of each Gop at
   * which constant rate (bit/s) it is written; undefined is the media's own pace.
   */
  async write(
    name: string,
    gops: readonly Gop[],
    rateOf: (index: number) => number | undefined = () => undefined,
  ): Promise<string> {
    const splicer = new Splicer(this.format);
    const muxer = new Muxer({ format: this.format, serviceName: name, startTicks: 900_000 });
    let frame = 0;
    const pieces = gops.map((gop, index) => {
      const { bytes } = muxer.mux(splicer.place(gop, frame), rateOf(index));
      frame += frameCount(gop);
      return bytes;
    });
    const path = join(this.folder, `${name}.ts`);
    await writeFile(path, Buffer.concat(pieces));
    return path;
  }
}

/** Number of frames in a row of Gops. */
export function totalFrames(gops: readonly Gop[]): number {
  return gops.reduce((total, gop) => total + frameCount(gop), 0);
}
