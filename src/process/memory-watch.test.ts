import { describe, expect, it } from "vitest";
import { seededRandom } from "../base/random.ts";
import { type MemoryFinding, MemoryWatch } from "./memory-watch.ts";

const MIB = 1024 * 1024;
const LIMIT = 1000 * MIB;

/** What is found in so many minutes of a heap that holds `heldMib(minute)`, and garbage above it. */
function findings(minutes: number, heldMib: (minute: number) => number, rssMib = 300): MemoryFinding[] {
  const watch = new MemoryWatch();
  const random = seededRandom(4);
  return Array.from({ length: minutes * 6 }, (_, sample) => {
    const heapUsed = Math.min(LIMIT * 0.99, (heldMib(sample / 6) + random() * 100) * MIB);
    const memory = { heapUsed, heapLimit: LIMIT, external: 0, rss: rssMib * MIB, available: 2000 * MIB };
    return watch.add(memory, 0.85);
  }).flat();
}

describe("a heap", () => {
  it("that is steady, whatever its garbage, is no news", () => {
    expect(findings(600, () => 500)).toEqual([]);
  });

  it("that fills while the server starts, and then rests, is no news", () => {
    expect(findings(600, (minute) => Math.min(200, 50 + minute * 15))).toEqual([]);
  });

  it("that grows slowly, so that days are left, is no news", () => {
    expect(findings(120, (minute) => 300 + minute * 0.5)).toEqual([]);
  });

  it("that swings is no news", () => {
    expect(findings(600, (minute) => 400 + 150 * Math.sin(minute / 3))).toEqual([]);
  });

  it("that leaks is told of once, well before it is full, with how long is left", () => {
    const found = findings(80, (minute) => 100 + minute * 8);
    expect(found.map(({ type }) => type)).toEqual(["growing"]);
    const [growth] = found as [MemoryFinding & { type: "growing" }];
    expect(growth.bytes).toBeLessThan(600 * MIB);
    expect(growth.bytesPerHour / MIB).toBeGreaterThan(400);
    expect(growth.bytesPerHour / MIB).toBeLessThan(560);
    expect(growth.hoursLeft).toBeGreaterThan(0.8);
    expect(growth.hoursLeft).toBeLessThanOrEqual(1);
  });

  it("whose garbage alone reaches the limit is not full", () => {
    const watch = new MemoryWatch();
    const memory = (share: number) => ({
      ...{ heapUsed: LIMIT * share, heapLimit: LIMIT, external: 0, rss: 0, available: 1 },
    });
    const found = Array.from({ length: 600 }, (_, sample) =>
      watch.add(memory(sample % 3 ? 0.95 : 0.4), 0.85),
    );
    expect(found.flat()).toEqual([]);
  });
});

it("a process that nears the limit of its container is told of", () => {
  expect(findings(10, () => 100, 1750)).toMatchObject([
    { type: "high", of: "rss", bytes: 1750 * MIB, limitBytes: 2000 * MIB },
  ]);
});
