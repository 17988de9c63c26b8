import { SystemClock } from "../src/base/clock.ts";
import type { Random } from "../src/base/random.ts";
import { type NewsFilter, type NewsItem, ofChannel } from "./news.ts";
import { Recorder } from "./recorder.ts";
import type { World } from "./world.ts";

const clock = new SystemClock();
/** An encoder that has less than this to do may be done before it is hurt. */
const WORK_LEFT_MS = 14_000;
const ENCODER_MS = 100_000;
const DETECT_MS = 20_000;

/** One fault while it is tried: what it does to the world, and what is noted of it. */
export class Trial {
  readonly world: World;
  readonly random: Random;
  readonly recorder: Recorder;
  readonly clock = clock;
  /** Length of a trial that lasts, in ms. */
  readonly lastingMs: number;
  readonly complaints: string[] = [];
  readonly notes: string[] = [];
  /** Channels that the fault concerns; all when none was named. */
  readonly concerned = new Set<number>();
  /** Files that were broken: what is shown in their place is not looked at. */
  readonly broken = new Set<string>();
  injectedMs: number | undefined;
  clearedMs: number | undefined;
  detectedAfterMs: number | undefined;
  backAfterMs: number | undefined;

  constructor(world: World, random: Random, lastingMs: number) {
    this.world = world;
    this.random = random;
    this.recorder = new Recorder(world);
    this.lastingMs = lastingMs;
  }

  /** One of them, by chance. */
  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)]!;
  }

  /** The numbers of all channels. */
  get channels(): number[] {
    return this.world.channels.map((_, index) => index + 1);
  }

  /** From now on the fault is there. */
  injected(): void {
    this.injectedMs ??= clock.now();
  }

  /** From now on it is gone. */
  cleared(): void {
    this.clearedMs = clock.now();
  }

  expect(holds: boolean, complaint: string): void {
    if (!holds) this.complaints.push(complaint);
  }

  /** Waits until the server tells of the fault; the longest of several detections counts. */
  async detect(filter: NewsFilter, fromMs: number, withinMs = DETECT_MS): Promise<NewsItem | undefined> {
    const item = await this.world.news.wait(filter, fromMs, withinMs);
    if (item) this.detectedAfterMs = Math.max(this.detectedAfterMs ?? 0, item.atMs - fromMs);
    else this.complaints.push(`not detected within ${withinMs / 1000} s`);
    return item;
  }

  /** Waits until a channel's programme is back, counted from the end of the fault. */
  async back(channel: number, fromMs: number, withinMs: number): Promise<void> {
    const filter = ofChannel(channel, "source_resumed", "screen_ended");
    const item = await this.world.news.wait(filter, fromMs, withinMs);
    if (item) this.wasBack(item.atMs - fromMs);
    else this.complaints.push(`channel ${channel} was not back within ${withinMs / 1000} s`);
  }

  /** Notes that something was back so long after the end of the fault; the longest counts. */
  wasBack(afterMs: number): void {
    this.backAfterMs = Math.max(this.backAfterMs ?? 0, afterMs);
  }

  /** Waits for an encoder of a channel that still has work for a while. */
  async encoder(channel: number): Promise<number> {
    const bill = this.world.channels[channel - 1]!.bill;
    const deadlineMs = clock.now() + ENCODER_MS;
    while (clock.now() < deadlineMs) {
      const encoders = await this.world.encoders(channel);
      const { leftMs } = bill.at(this.world.wallNow());
      // The oldest one works on what is on now, unless its work is done.
      if (leftMs >= WORK_LEFT_MS && encoders.length > 0) return encoders[0]!;
      await clock.sleep(100);
    }
    throw new Error(`channel ${channel} has no encoder that works`);
  }

  /** Signals a process of the server's; false when it has just ended. */
  signal(pid: number, signal: NodeJS.Signals): boolean {
    try {
      process.kill(pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  sleep(ms: number): Promise<void> {
    return clock.sleep(ms);
  }
}
