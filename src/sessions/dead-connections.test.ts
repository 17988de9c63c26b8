import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { DeadConnections } from "./dead-connections.ts";
import type { TcpEntry } from "./tcp-table.ts";

const LOOK_MS = 10_000;

let clock: ManualClock;
let table: TcpEntry[];
let ended: string[];
let keys: string[];
let failures: unknown[];
let reads: number;

beforeEach(() => {
  clock = new ManualClock();
  [table, ended, keys, failures, reads] = [[], [], ["a", "b"], [], 0];
});

function watch(readTable?: () => Promise<void>): DeadConnections {
  return new DeadConnections({
    clock,
    sessions: () =>
      keys.map((tcpKey) => ({ tcpKey, end: (reason) => void ended.push(`${tcpKey} ${reason}`) })),
    readTable:
      readTable ??
      (async (onEntry) => {
        reads++;
        table.forEach(onEntry);
      }),
    onFailure: (failure) => void failures.push(failure),
  });
}

const retransmitting = (key: string, retransmits: number): TcpEntry => ({
  key,
  timer: 1,
  retransmits,
  probes: 0,
});
const probing = (key: string, probes: number): TcpEntry => ({ key, timer: 4, retransmits: 0, probes });

/** One look for each state of connection a. */
async function see(...looks: readonly (TcpEntry | undefined)[]): Promise<void> {
  for (const entry of looks) {
    table = entry ? [entry, retransmitting("stranger", 9)] : [];
    await clock.advance(LOOK_MS);
  }
}

describe("is dead", () => {
  test("what is sent again and again for half a minute, without an answer", async () => {
    watch();
    await see(...[3, 5, 6].map((count) => retransmitting("a", count)));
    expect(ended).toEqual([]);
    await see(retransmitting("a", 6));
    expect(ended).toEqual(["a connection_lost"]);
  });

  test("what does not answer whether there is room", async () => {
    watch();
    await see(...[2, 4, 5, 6].map((count) => probing("a", count)));
    expect(ended).toEqual(["a connection_lost"]);
  });

  test("also when the attempts become rare, but not while there was only one", async () => {
    watch();
    await see(...[1, 1, 1, 1, 1].map((count) => probing("a", count)));
    expect(ended).toEqual([]);
    await see(probing("a", 2));
    expect(ended).toEqual(["a connection_lost"]);
  });
});

describe("is not dead", () => {
  test.each([
    ["a paused player, whose probes are answered", [probing("a", 0), probing("a", 1), probing("a", 0)]],
    ["a probe under way at each look", [1, 1, 1, 1, 1, 1].map((count) => probing("a", count))],
    ["a connection that loses much and recovers", [2, 3, 1, 2, 1, 3, 1].map((n) => retransmitting("a", n))],
    ["one that was stuck and goes on", [retransmitting("a", 5), retransmitting("a", 6), undefined]],
    [
      "one that turns from sending to asking",
      [5, 6].flatMap((n) => [retransmitting("a", n), probing("a", n)]),
    ],
  ])("%s", async (_, looks) => {
    watch();
    await see(...looks, ...looks, ...looks);
    expect(ended).toEqual([]);
  });
});

test("each connection is judged by itself", async () => {
  watch();
  for (const count of [2, 3, 4, 5]) {
    table = [retransmitting("a", count), probing("b", count % 2)];
    await clock.advance(LOOK_MS);
  }
  expect(ended).toEqual(["a connection_lost"]);
});

test("without sessions the table is not read", async () => {
  keys = [];
  watch();
  await clock.advance(100_000);
  expect(reads).toBe(0);
});

test("a look that takes long is not doubled", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  watch(() => {
    reads++;
    return promise;
  });
  await clock.advance(50_000);
  expect(reads).toBe(1);
  resolve();
  await clock.advance(10_000);
  expect(reads).toBe(2);
});

test("a table that cannot be read is told once, and tried again", async () => {
  const watching = watch(async () => {
    throw new Error("EACCES");
  });
  await clock.advance(50_000);
  expect(failures.length).toBe(1);
  watching.close();
  expect(clock.pending).toBe(0);
});
