import { Socket } from "node:net";
import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { WireRing } from "../channels/wire-ring.ts";
import type { StreamSession } from "../sessions/session.ts";
import { SessionManager } from "../sessions/session-manager.ts";
import { MODES } from "../throttle/modes.ts";
import { settingsOf } from "../throttle/settings.fixtures.ts";
import { TsViewer } from "./ts-viewer.ts";

const GOP_BYTES = 188 * 1000;
const FRAMES = 30;
/** What a viewer hands over at once. */
const WRITE_BYTES = 348 * 188;
const limits = {
  ...{ perChannel: 5, total: 10, idleTimeoutMs: 300_000, maxErrors: 10 },
  cleanupIntervalMs: 3_600_000,
};

/** A connection whose other end takes what the test lets it take. */
class Tap extends Socket {
  waiting = 0;
  isReset = false;

  constructor() {
    super();
    Object.defineProperty(this, "writableLength", { get: () => this.waiting });
  }

  override write(bytes: Uint8Array): boolean {
    this.waiting += bytes.length;
    return false;
  }

  override resetAndDestroy(): this {
    this.isReset = true;
    return this.destroy();
  }

  passOn(): void {
    this.waiting = 0;
    this.emit("drain");
  }
}

let clock: ManualClock;
let manager: SessionManager;
let session: StreamSession;
let ring: WireRing;
let socket: Tap;
let viewer: TsViewer;
let made: number;

beforeEach(() => {
  clock = new ManualClock();
  manager = new SessionManager({ clock, limits });
  session = manager.reserve({ protocol: "ts", client: { ip: "10.0.0.1", userAgent: "" } });
  ring = new WireRing(FRAMES * 4);
  socket = new Tap();
  const conditions = { framesPerSecond: FRAMES, ringFrames: ring.capacityFrames };
  const pace = MODES.realtime.pace(settingsOf("realtime"), conditions);
  viewer = new TsViewer(socket, ring, pace, session, clock);
  made = 0;
});

function release(): void {
  ring.append({
    ...{ bytes: new Uint8Array(GOP_BYTES), frame: made++ * FRAMES, frames: FRAMES },
    ...{ slotsPerFrame: 1, slotOffsets: new Uint32Array(FRAMES + 1).fill(GOP_BYTES) },
  });
  ring.advance(made * FRAMES);
  viewer.pump();
}

/** Lets time pass as a channel does: with a tick now and then. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await clock.advance(1_000);
    viewer.pump();
  }
}

describe("a session's bytes", () => {
  test("are those that the connection has passed on", () => {
    release();
    expect([session.bytesSent, session.state]).toEqual([0, "created"]);
    socket.waiting -= 10_000;
    viewer.pump();
    expect([session.bytesSent, session.state]).toEqual([10_000, "active"]);
    socket.passOn();
    expect(session.bytesSent).toBe(WRITE_BYTES);
  });
});

describe("a viewer that pauses", () => {
  test("is idle after ten seconds, goes on at the newest keyframe, and is counted once", async () => {
    release();
    socket.passOn();
    await pass(9_000);
    expect(session.state).toBe("active");
    for (let gop = 0; gop < 3; gop++) release();
    await pass(1_000);
    expect([session.state, session.jumps]).toEqual(["idle", 0]);
    const before = session.bytesSent;
    socket.passOn();
    expect([session.state, session.jumps]).toEqual(["active", 1]);
    expect(session.bytesSent).toBe(before + WRITE_BYTES);
    expect(manager.count).toBe(1);
  });

  test("is let go at the idle timeout, with a reset, and its slot is free", async () => {
    release();
    socket.passOn();
    await pass(299_000);
    expect([session.state, socket.destroyed]).toEqual(["idle", false]);
    await pass(1_000);
    expect([session.endReason, socket.destroyed, socket.isReset]).toEqual(["idle_timeout", true, true]);
    expect([manager.count, clock.pending]).toEqual([0, 0]);
  });

  test("a change of the idle timeout applies to a viewer that is there", async () => {
    release();
    socket.passOn();
    await pass(20_000);
    manager.setLimits({ ...limits, idleTimeoutMs: 15_000 });
    viewer.pump();
    expect(session.endReason).toBe("idle_timeout");
  });
});

test("a viewer that falls out of the ring goes on at the newest keyframe", () => {
  release();
  for (let gop = 0; gop < 6; gop++) release();
  socket.passOn();
  expect([session.jumps, session.errorCount]).toEqual([1, 0]);
  expect(session.bytesSent % 188, "what it was sent ends with a whole packet").toBe(0);
});

test("our own fault is an error of this viewer, over with the next group of pictures", () => {
  release();
  const read = ring.read.bind(ring);
  ring.read = () => {
    throw new Error("a fault");
  };
  socket.passOn();
  viewer.pump();
  expect([session.state, session.errorCount]).toEqual(["error", 2]);
  expect(session.errors[0]).toMatchObject({ class: "reader_fault", message: "a fault" });
  ring.read = read;
  viewer.pump();
  for (let part = 0; part < 3; part++) socket.passOn();
  expect(session.state).toBe("active");
});

test("ten faults in a row are the end", () => {
  release();
  ring.read = () => {
    throw new Error("a fault");
  };
  socket.passOn();
  for (let time = 0; time < 20; time++) viewer.pump();
  expect([session.endReason, session.errorCount]).toEqual(["too_many_errors", 10]);
});

test("an ended session lets what was taken arrive, for a second at most", async () => {
  release();
  session.end("ended_by_operator");
  expect([socket.isReset, socket.writable]).toEqual([false, false]);
  await clock.advance(1_000);
  expect([socket.destroyed, clock.pending]).toEqual([true, 0]);
  release();
  expect(session.bytesSent).toBe(0);
});
