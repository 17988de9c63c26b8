import { Socket } from "node:net";
import { describe, expect, it, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { WireRing } from "../channels/wire-ring.ts";
import type { ThrottleModeName } from "../config/schema.ts";
import type { WireGop } from "../mpegts/wire-gop.ts";
import { SessionManager } from "../sessions/session-manager.ts";
import { MODES } from "../throttle/modes.ts";
import { settingsOf } from "../throttle/settings.fixtures.ts";
import { TsViewer } from "./ts-viewer.ts";

const limits = {
  ...{ perChannel: 5, total: 10, idleTimeoutMs: 300_000, maxErrors: 10 },
  cleanupIntervalMs: 3_600_000,
};
const FPS = 25;
const TICK_MS = 40;
/** One slot a frame. */
const FRAME_BYTES = 188;
const SECOND_BYTES = FPS * FRAME_BYTES;

/** A connection that takes what it is allowed to. */
class TestSocket extends Socket {
  taken = 0;
  isFull = false;

  override write(chunk: Uint8Array | string): boolean {
    this.taken += chunk.length;
    return !this.isFull;
  }

  drain(): void {
    this.isFull = false;
    this.emit("drain");
  }
}

/** A second of a channel: one slot of one packet a frame. */
function secondOf(second: number): WireGop {
  return {
    bytes: new Uint8Array(SECOND_BYTES),
    ...{ frame: second * FPS, frames: FPS, slotsPerFrame: 1 },
    slotOffsets: Uint32Array.from({ length: FPS + 1 }, (_, slot) => slot * FRAME_BYTES),
  };
}

/** A channel with a ring of twelve seconds that has been on air for `seconds`, and one viewer of it. */
function watch(mode: ThrottleModeName, seconds: number, aheadSeconds = 0) {
  const clock = new ManualClock();
  const ring = new WireRing(12 * FPS);
  let made = 0;
  const tick = () => {
    const now = seconds * FPS + (clock.now() * FPS) / 1000;
    while (made * FPS <= now + aheadSeconds * FPS) ring.append(secondOf(made++));
    ring.advance(now);
  };
  tick();
  const paceOf = (name: ThrottleModeName) =>
    MODES[name].pace(settingsOf(name), { framesPerSecond: FPS, ringFrames: ring.capacityFrames });
  const socket = new TestSocket();
  const session = new SessionManager({ clock, limits }).reserve({
    ...{ protocol: "ts", client: { ip: "10.0.0.1", userAgent: "" } },
  });
  const viewer = new TsViewer(socket, ring, paceOf(mode), session, clock);
  /** Seconds of media that the viewer gets in the next `ms`. */
  const run = async (ms: number) => {
    const before = socket.taken;
    for (let done = 0; done < ms; done += TICK_MS) {
      await clock.advance(TICK_MS);
      tick();
      viewer.pump();
    }
    return (socket.taken - before) / SECOND_BYTES;
  };
  viewer.pump();
  return {
    clock,
    ring,
    socket,
    session,
    viewer,
    run,
    setMode: (name: ThrottleModeName) => viewer.setPace(paceOf(name)),
  };
}

const inHand = ({ socket }: { socket: TestSocket }) => socket.taken / SECOND_BYTES;

describe("a viewer begins", () => {
  it.each([
    ["realtime, at the newest keyframe", "realtime", 0.52, 0.52 + 1],
    ["burst, five seconds behind, at twice the pace", "burst", 0.04, 2.04],
    ["adaptive, likewise", "adaptive", 0.04, 2.04],
  ] as const)("in %s", async (_, mode, atOnce, afterSecond) => {
    const watched = watch(mode, 20.5);
    expect(inHand(watched)).toBeCloseTo(atOnce, 1);
    await watched.run(1000);
    expect(inHand(watched)).toBeCloseTo(afterSecond, 1);
    await watched.run(9000);
    const behind = mode === "realtime" ? 0.5 : 5.5;
    expect(inHand(watched), "up to live").toBeCloseTo(behind + 10, 1);
  });

  it("in disabled mode with what is on, and all that is made beyond it", async () => {
    const watched = watch("disabled", 20.5, 8);
    expect(inHand(watched)).toBe(9);
    expect(await watched.run(3000)).toBe(3);
  });

  it("in burst mode with what there is, where that is less", async () => {
    const watched = watch("burst", 1.5);
    await watched.run(10_000);
    expect(inHand(watched)).toBeCloseTo(11.5, 1);
  });
});

describe("a viewer whose mode is changed keeps its place", () => {
  it("when it was ahead of the clock: it gets nothing twice and nothing too soon", async () => {
    const watched = watch("disabled", 20.5, 8);
    watched.setMode("realtime");
    expect(await watched.run(8000)).toBe(0);
    expect(await watched.run(2000)).toBeCloseTo(1.5, 1);
  });

  it("when it was behind: it is filled at the new mode's pace", async () => {
    const watched = watch("realtime", 20.5);
    watched.socket.isFull = true;
    await watched.run(4040);
    watched.setMode("burst");
    watched.socket.drain();
    expect(await watched.run(1000)).toBeCloseTo(2, 1);
    watched.setMode("disabled");
    expect(await watched.run(40), "the rest at once").toBeGreaterThan(2.5);
    watched.setMode("adaptive");
    await watched.run(1000);
    expect(watched.session.jumps).toBe(0);
    expect(inHand(watched), "from its keyframe to live").toBeCloseTo(watched.ring.now / FPS - 20, 1);
  });
});

describe("a viewer that falls out of the ring", () => {
  it.each([
    ["realtime", 0],
    ["burst", 0],
    ["adaptive", 7],
  ] as const)("in %s goes on %s seconds behind live", async (mode, behind) => {
    const watched = watch(mode, 20.5);
    await watched.run(8_000);
    const { socket, session } = watched;
    socket.isFull = true;
    await watched.run(9_000);
    // Ten seconds without taking anything would be a pause: it takes a little before.
    socket.emit("drain");
    await watched.run(9_000);
    expect(session.jumps).toBe(0);
    const before = inHand(watched);
    socket.drain();
    await watched.run(20_000);
    expect(session.jumps).toBe(1);
    expect(inHand(watched) - before).toBeCloseTo(20 + behind + 0.5, 0);
    if (mode !== "adaptive") return;
    expect(session.throttle?.().decisions.find(({ reason }) => reason === "jump")).toMatchObject({
      behindSeconds: 7,
      atMs: expect.closeTo(watched.clock.wallNow() - 20_000, -2),
    });
  });
});

test("a paused viewer goes on at the newest keyframe", async () => {
  const watched = watch("burst", 20.5);
  watched.socket.isFull = true;
  await watched.run(60_000);
  const before = inHand(watched);
  watched.socket.drain();
  expect(inHand(watched) - before).toBeCloseTo(0.04, 1);
  expect(await watched.run(5000)).toBeCloseTo(5.5, 1);
  expect(watched.session.jumps).toBe(1);
});
