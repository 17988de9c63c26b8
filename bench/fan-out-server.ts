// A server for the fan-out bench, told by its arguments which: "ours" is the real channel and HTTP output, fed
// from memory; "bare" writes one shared buffer to every socket at the same tick, and does nothing else.
import { type AddressInfo, createServer, type Socket } from "node:net";
import fastify from "fastify";
import { SystemClock } from "../src/base/clock.ts";
import { rational } from "../src/base/rational.ts";
import { ChannelManager } from "../src/channels/channel-manager.ts";
import { OneScreen } from "../src/channels/studio.fixtures.ts";
import { CONFIG_SCHEMA } from "../src/config/schema.ts";
import type { MediaFacts } from "../src/ffmpeg/probe.ts";
import { syntheticGop } from "../src/media/gop.fixtures.ts";
import { houseFormat } from "../src/media/house-format.ts";
import { registerMpegTsOutput } from "../src/outputs/mpegts.ts";
import { LoopSchedule } from "../src/playout/loop-schedule.ts";
import { SessionManager } from "../src/sessions/session-manager.ts";
import type { OpenSource, PlayItem } from "../src/source/source.ts";
import { throttleSettings } from "../src/throttle/settings.ts";

const TICK_MS = 40;
const MEDIA_BPS = 4_000_000;
const clock = new SystemClock();
const format = houseFormat({
  ...{ width: 1280, height: 720, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: MEDIA_BPS, audioBps: 128_000 },
});

const port = process.argv[2] === "ours" ? await startOurs() : await startBare();
process.send?.({ port });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage().rss });
});

async function startOurs(): Promise<number> {
  const item: PlayItem = { mediaId: 1, title: "Bench", facts: {} as MediaFacts, frames: 30 * 3600 };
  const gops = Array.from({ length: 4 }, (_, seed) =>
    syntheticGop({ format, frames: 30, seed, maxUnitBytes: 31_000 }),
  );
  const open: OpenSource = (_item, { startFrame }) => {
    let frame = startFrame;
    return {
      next: async () => {
        const gop = { ...gops[(frame / 30) % gops.length]!, firstFrame: frame };
        frame += 30;
        return gop;
      },
      close: async () => undefined,
    };
  };
  const settings = { leadMs: 8000, ringMs: 12_000, startTicks: 0 };
  const manager = new ChannelManager({
    settings: { ...settings, clock, random: Math.random },
    throttleOf: () => throttleSettings(CONFIG_SCHEMA.parse({})),
    lingerMs: 30_000,
    onEvent: () => undefined,
  });
  manager.add({
    id: 1,
    number: 1,
    name: "Bench",
    format,
    schedule: new LoopSchedule([item]),
    open,
    openScreens: () => new OneScreen(format),
  });
  const app = fastify();
  const limits = { perChannel: 10_000, total: 10_000, idleTimeoutMs: 60_000, maxErrors: 10 };
  const sessions = new SessionManager({ clock, limits: { ...limits, cleanupIntervalMs: 60_000 } });
  registerMpegTsOutput(app, { manager, sessions, clock });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as AddressInfo).port;
}

async function startBare(): Promise<number> {
  const sockets = new Set<Socket>();
  const shared = Buffer.alloc(Math.round((MEDIA_BPS / 8) * (TICK_MS / 1000)), 0x47);
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
      sockets.add(socket);
    });
  });
  clock.every(TICK_MS, () => {
    for (const socket of sockets) socket.write(shared);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
