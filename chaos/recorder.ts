import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readFrameNumbers } from "../test/support/frame-number.ts";
import { hasTsProbe, type TsProbeReport, tsprobe } from "../test/support/judges.ts";
import type { Pictures } from "./playbill.ts";
import type { World } from "./world.ts";

/** A capture ends in decoding order: its last pictures may lack one that is shown between them. */
const UNSURE_PICTURES = 3;

/** What was recorded of one channel, and what judges say of it. */
export interface Recording {
  readonly channel: number;
  readonly pictures: Pictures;
  /** What the analyser and, where it is at hand, an independent probe find wrong, by name. */
  readonly faults: Readonly<Record<string, number>>;
  /** Times that the connection ended by itself. */
  readonly disconnects: number;
}

/** How recordings are judged. */
export interface EndOptions {
  /** Files in whose place anything may be shown. */
  readonly broken: readonly string[];
  /** How often the schedule has moved. */
  readonly leaps: number;
  /** Beginning of the path under which bad ones are kept. */
  readonly evidence: string;
}

/** Records a viewer of each channel, one file per connection, and has the files judged. */
export class Recorder {
  readonly #world: World;
  #takes = 0;
  #running: { channel: number; name: string; file: string }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Begins: each channel is tuned anew, so that a file begins as a stream does. */
  async begin(withinMs: number): Promise<number[]> {
    const take = this.#takes++;
    this.#running = this.#world.channels.map((_, index) => ({
      channel: index + 1,
      name: `channel ${index + 1}, recorder ${take}`,
      file: join(this.#world.folder, `capture-${take}-${index + 1}.ts`),
    }));
    return Promise.all(
      this.#running.map(({ channel, name, file }) =>
        this.#world.viewers.tune(name, this.#world.address(channel), withinMs, file),
      ),
    );
  }

  /** Ends without a verdict: the connections were cut. */
  async abandon(): Promise<void> {
    for (const { name, file } of this.#running) {
      await this.#world.viewers.leave(name);
      await rm(file, { force: true });
    }
    this.#running = [];
  }

  /**
   * Ends, and judges. The files are removed, but those of streams or pictures that are not as they should be.
   */
  async end({ broken, leaps, evidence }: EndOptions): Promise<Recording[]> {
    const running = this.#running;
    this.#running = [];
    const endedMs = this.#world.wallNow();
    const sightings = await Promise.all(running.map(({ name }) => this.#world.viewers.leave(name)));
    const recordings: Recording[] = [];
    for (const [index, { channel, file }] of running.entries()) {
      const { faults: analysed, disconnects } = sightings[index]!;
      const faults = { ...analysed, ...(hasTsProbe ? faultsOf(await tsprobe(file)) : {}) };
      const numbers = (await readFrameNumbers(file)).slice(0, -UNSURE_PICTURES);
      const pictures = this.#world.channels[channel - 1]!.bill.judge(numbers, { endedMs, broken });
      recordings.push({ channel, pictures, faults, disconnects });
      const isSuspect = Object.keys(faults).length + pictures.strays > 0 || pictures.leaps.length !== leaps;
      if (isSuspect) await copyFile(file, `${evidence}-channel-${channel}.mpegts`);
      await rm(file, { force: true });
    }
    return recordings;
  }
}

/** What a splice may never do, as tsprobe counts it; only what is not nought. */
function faultsOf(report: TsProbeReport): Record<string, number> {
  const found: Record<string, number> = {
    sync_loss: report.sync_loss,
    tei: report.tei,
    cc_errors: report.cc_errors,
    crc_errors: report.crc_errors,
    pcr_backward: report.pcr_backward,
    pes_late_vs_pcr: report.pes_late_vs_pcr,
    discontinuity_indicators: report.discontinuity_indicators,
    pmt_changes: report.pmt_changes,
    pcr_gaps: report.pcr_gap_ms > 40 ? 1 : 0,
    pat_gaps: report.pat_gap_ms > 100 ? 1 : 0,
    pmt_gaps: report.pmt_gap_ms > 100 ? 1 : 0,
    missing_streams: Math.max(0, 2 - Object.keys(report.streams).length),
  };
  for (const [name, { backward, gaps, overlaps }] of Object.entries(report.streams)) {
    found[`${name} timestamps`] = backward + gaps + overlaps;
  }
  return Object.fromEntries(Object.entries(found).filter(([, count]) => count > 0));
}
