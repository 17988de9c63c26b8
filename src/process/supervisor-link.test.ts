import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { SupervisorLink } from "./supervisor-link.ts";

const POLICY = { hangMs: 30_000, maxRestarts: 10, windowMs: 600_000 };

class Line extends EventEmitter {
  connected = true;
  env: Record<string, string> = { EXSTREAMTV_RESTARTS: "0", EXSTREAMTV_LAST_END: "" };
  sent: { type: string }[] = [];
  done: (() => void)[] = [];

  send(message: object, _handle: undefined, _options: object, done: (failure: null) => void): boolean {
    this.sent.push(message as { type: string });
    this.done.push(() => done(null));
    return true;
  }

  /** The supervisor reads. */
  read(): void {
    for (const done of this.done.splice(0)) done();
  }
}

it("says that it serves, and then that it lives, every second", async () => {
  const clock = new ManualClock();
  const line = new Line();
  SupervisorLink.open(line, POLICY, clock);
  expect(line.sent).toEqual([{ type: "serving", policy: POLICY }]);
  for (let second = 0; second < 3; second++) {
    line.read();
    await clock.advance(1000);
  }
  expect(line.sent.map(({ type }) => type)).toEqual(["serving", "beat", "beat", "beat"]);
});

it("does not pile up words for a supervisor that does not read", async () => {
  const clock = new ManualClock();
  const line = new Line();
  const link = SupervisorLink.open(line, POLICY, clock)!;
  await clock.advance(60_000);
  link.ready();
  expect(line.sent.map(({ type }) => type)).toEqual(["serving", "ready"]);
});

it("notices that the supervisor is gone, and says nothing more", async () => {
  const clock = new ManualClock();
  const line = new Line();
  const link = SupervisorLink.open(line, POLICY, clock)!;
  line.read();
  expect(link.lost.aborted).toBe(false);
  line.connected = false;
  line.emit("disconnect");
  expect(link.lost.reason).toMatchObject({ code: "interrupted" });
  link.ready();
  await clock.advance(5000);
  expect(line.sent).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

it("knows that it was started again, and after what", () => {
  const line = new Line();
  const open = () => SupervisorLink.open(line, POLICY, new ManualClock());
  expect(open()?.restart).toBeUndefined();
  line.env = { EXSTREAMTV_RESTARTS: "3", EXSTREAMTV_LAST_END: "SIGKILL" };
  expect(open()?.restart).toEqual({ restarts: 3, lastEnd: "SIGKILL" });
});

it("is not there without a supervisor, also where another program has started the server", () => {
  const line = new Line();
  line.env = {};
  expect(SupervisorLink.open(line, POLICY, new ManualClock())).toBeUndefined();
  line.env = { EXSTREAMTV_RESTARTS: "0" };
  line.connected = false;
  expect(SupervisorLink.open(line, POLICY, new ManualClock())).toBeUndefined();
});
