import type { AddressInfo } from "node:net";
import fastify from "fastify";
import { SystemClock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { ChannelManager } from "../../src/channels/channel-manager.ts";
import { OneScreen } from "../../src/channels/studio.fixtures.ts";
import type { MediaFacts } from "../../src/ffmpeg/probe.ts";
import type { Gop } from "../../src/media/gop.ts";
import type { HouseFormat } from "../../src/media/house-format.ts";
import { registerMpegTsOutput } from "../../src/outputs/mpegts.ts";
import { LoopSchedule } from "../../src/playout/loop-schedule.ts";
import { SessionManager } from "../../src/sessions/session-manager.ts";
import type { OpenSource } from "../../src/source/source.ts";
import type { ThrottleSettings } from "../../src/throttle/settings.ts";

/** A channel that is fed from memory, and its HTTP output: delivery alone, without an encoder beside it. */
export class Outlet implements AsyncDisposable {
  readonly url: string;
  readonly sessions: SessionManager;
  readonly #close: () => Promise<void>;

  private constructor(url: string, sessions: SessionManager, close: () => Promise<void>) {
    this.url = url;
    this.sessions = sessions;
    this.#close = close;
  }

  /** Loops `gops`, all of which are full groups of `format`. */
  static async open(
    format: HouseFormat,
    gops: readonly Gop[],
    throttle: ThrottleSettings,
    ringMs: number,
  ): Promise<Outlet> {
    const clock = new SystemClock();
    const { gopFrames } = format;
    const item = { mediaId: 1, title: "Loop", facts: {} as MediaFacts, frames: gopFrames * gops.length };
    const open: OpenSource = (_, { startFrame }) => {
      let index = startFrame / gopFrames;
      return { next: async () => gops[index++], close: async () => undefined };
    };
    const manager = new ChannelManager({
      settings: { leadMs: 6_000, ringMs, startTicks: 900_000, clock, random: seededRandom(1) },
      throttleOf: () => throttle,
      lingerMs: 60_000,
      onEvent: () => undefined,
    });
    const schedule = new LoopSchedule([item]);
    manager.add({
      id: 1,
      number: 1,
      name: "Loop",
      format,
      schedule,
      open,
      openScreens: () => new OneScreen(format),
    });
    const limits = {
      perChannel: 100,
      total: 100,
      maxErrors: 100,
      idleTimeoutMs: 60_000,
      cleanupIntervalMs: 60_000,
    };
    const sessions = new SessionManager({ clock, limits });
    const app = fastify();
    registerMpegTsOutput(app, { manager, sessions, clock });
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    return new Outlet(`http://127.0.0.1:${port}/iptv/channel/1.ts`, sessions, async () => {
      await app.close();
      await manager.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
