import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { goodStream, joinPackets } from "../mpegts/packet-fixtures.ts";
import { chunksOf, run, TARGET, variableStream } from "./stream-throttler.fixtures.ts";
import { StreamThrottler } from "./stream-throttler.ts";

describe("the source", () => {
  it("may come in chunks of any size", async () => {
    const input = variableStream(2);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50_000 }), async (size) => {
        const outcome = await run(chunksOf(input, size), { mode: "burst" });
        expect(Buffer.compare(outcome.bytes, input)).toBe(0);
      }),
      { numRuns: 10, examples: [[187], [188], [1_000_000]] },
    );
  });

  it("is found again behind garbage, which is counted", async () => {
    const input = Buffer.from(variableStream(2));
    const at = 188 * 100;
    const damaged = Buffer.concat([
      Buffer.alloc(1000),
      input.subarray(0, at),
      Buffer.alloc(77),
      input.subarray(at),
    ]);
    const { bytes, events } = await run(chunksOf(damaged, 333), { mode: "burst" });
    expect(Buffer.compare(bytes, input)).toBe(0);
    const skipped = events.flatMap((event) => (event.type === "resynchronised" ? [event.skippedBytes] : []));
    expect(skipped).toEqual([1000, 77]);
  });

  it.each([
    ["no packets at all", Buffer.alloc(600_000), /there is no packet/],
    ["a few bytes", Buffer.alloc(100), /ends after 100 bytes without a packet/],
    ["packets of 192 bytes", relative(192), /192 bytes: repack/],
    ["packets of 204 bytes", relative(204), /204 bytes: repack/],
  ])("is refused with the reason: %s", async (_, bytes, reason) => {
    await expect(run(chunksOf(bytes), {})).rejects.toMatchObject({
      code: "transport_stream_unreadable",
      message: expect.stringMatching(reason),
    });
  });

  it("without a PCR is paced by its bytes at the target's rate", async () => {
    const packets = goodStream({ seconds: 12 }).filter(({ pcr }) => !pcr);
    const input = joinPackets(packets);
    const outcome = await run(chunksOf(input), { mode: "burst", burstSeconds: 0, targetBitrateBps: TARGET });
    expect(outcome.events[0]).toMatchObject({ type: "clock_missing" });
    expect(outcome.arrivals.at(-1)!.ms).toBeCloseTo((input.length * 8000) / TARGET, -3);
    expect(Buffer.compare(outcome.bytes, input)).toBe(0);
  });

  it("is read no further than the next PCR, and not at all while nobody asks", async () => {
    const clock = new ManualClock();
    const input = variableStream(10);
    let read = 0;
    async function* counted() {
      for await (const chunk of chunksOf(input, 2000)) {
        read += chunk.length;
        yield chunk;
      }
    }
    const stream = new StreamThrottler({ mode: "burst", clock }).throttle(counted());
    await stream.next();
    const afterOne = read;
    expect(afterOne).toBeLessThan(40_000);
    await clock.advance(60_000);
    expect(read).toBe(afterOne);
    await stream.return?.();
  });

  it("is closed by a consumer that stops, also while it waits for either side", async () => {
    for (const waitsFor of ["time", "source"] as const) {
      let closed = false;
      const input = variableStream(2);
      async function* endless() {
        try {
          yield input;
          await new Promise(() => {});
        } finally {
          closed = true;
        }
      }
      const clock = new ManualClock();
      const mode = waitsFor === "time" ? "realtime" : "disabled";
      const stream = new StreamThrottler({ mode, clock }).throttle(endless());
      // Before the first PCR there are the tables.
      await stream.next();
      if (waitsFor === "time") await stream.next();
      const waiting = stream.next();
      await stream.return?.();
      expect(await waiting).toMatchObject({ done: true });
      expect(await stream.next()).toMatchObject({ done: true });
      // A generator that hangs cannot be closed by anybody; one that waits to be asked is.
      if (waitsFor === "time") await expect.poll(() => closed).toBe(true);
      expect(clock.pending).toBe(0);
    }
  });

  it("passes its failure on, after what came before it", async () => {
    const input = variableStream(2);
    async function* failing() {
      yield* chunksOf(input);
      throw new Error("the disk is gone");
    }
    await expect(run(failing(), { mode: "burst" })).rejects.toThrow("the disk is gone");
  });

  it("ends with the signal's reason", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const throttler = new StreamThrottler({ clock, signal: controller.signal });
    const stream = throttler.throttle(chunksOf(variableStream(5)));
    await stream.next();
    const waiting = stream.next().then(() => stream.next());
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });
});

/** A transport stream whose packets are followed by other bytes. */
function relative(size: number): Uint8Array {
  const packets = goodStream({ seconds: 3 }).map(({ bytes }) =>
    Buffer.concat([bytes, Buffer.alloc(size - 188)]),
  );
  return Buffer.concat(Array.from({ length: 3 }, () => packets).flat());
}
