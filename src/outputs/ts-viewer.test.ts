import { Socket } from "node:net";
import { expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import type { WireRing } from "../channels/wire-ring.ts";
import { TsViewer } from "./ts-viewer.ts";

/** A connection that takes nothing. */
class StuckSocket extends Socket {
  override write(): boolean {
    return false;
  }
}

test("a change of the idle timeout applies to a viewer that is there", async () => {
  const clock = new ManualClock();
  const ring = { tail: 0, newestKeyframe: () => 0, read: () => new Uint8Array(188) } as unknown as WireRing;
  let idleTimeoutMs = 300_000;
  const socket = new StuckSocket();
  const viewer = new TsViewer(socket, ring, clock, () => idleTimeoutMs);
  viewer.pump();
  await clock.advance(20_000);
  viewer.pump();
  expect(socket.destroyed).toBe(false);
  idleTimeoutMs = 15_000;
  viewer.pump();
  expect([socket.destroyed, viewer.endReason]).toEqual([true, "idle_timeout"]);
});
