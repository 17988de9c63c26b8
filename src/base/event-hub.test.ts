import fc from "fast-check";
import { expect, test } from "vitest";
import { EventHub } from "./event-hub.ts";

const event = (type: string) => ({ type, channelId: undefined, data: {} });

test("whoever listens is told, in order, until it listens no more", () => {
  const hub = new EventHub(() => 5);
  const told: string[] = [];
  const stop = hub.listen(({ sequence, atMs, type }) => void told.push(`${sequence} ${atMs} ${type}`));
  hub.publish(event("a.b"));
  hub.publish(event("c.d"));
  stop();
  hub.publish(event("e.f"));
  expect(told).toEqual(["1 5 a.b", "2 5 c.d"]);
});

test("what is kept, and what came after a number", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 30 }),
      fc.integer({ min: 1, max: 10 }),
      fc.nat({ max: 40 }),
      (many, room, from) => {
        const hub = new EventHub(() => 0, room);
        for (let n = 0; n < many; n++) hub.publish(event("x.y"));
        expect([hub.newest, hub.oldest]).toEqual([many, Math.max(0, many - room) + 1]);
        const expected = Array.from({ length: many }, (_, n) => n + 1).filter(
          (n) => n > from && n > many - room,
        );
        expect(hub.after(from).map(({ sequence }) => sequence)).toEqual(expected);
      },
    ),
  );
});
