import fc from "fast-check";
import { expect, it } from "vitest";
import { WireClock } from "./wire-clock.ts";

it("knows the time of every packet exactly, at any rate", () => {
  const rates = fc.oneof(fc.integer({ min: 1000, max: 200_000_000 }), fc.constantFrom(3_999_999, 800_001));
  fc.assert(
    fc.property(rates, fc.nat(2 ** 42), fc.integer({ min: 1, max: 20_000 }), (bps, start, packets) => {
      const clock = new WireClock();
      clock.setRate(bps);
      clock.notBefore(start);
      for (let packet = 0; packet < packets; packet++) clock.advance();
      const rate = BigInt(bps);
      const ticks = BigInt(packets) * 1504n * 27_000_000n;
      expect(BigInt(clock.ticks)).toBe(BigInt(start) + ticks / rate);
      // Rounded to nearest, at the byte that holds the last bit of the base.
      const pcr = (2n * (ticks + 80n * 27_000_000n) + rate) / (2n * rate);
      expect(BigInt(clock.pcr)).toBe(BigInt(start) + pcr);
    }),
    { numRuns: 60 },
  );
});

it("goes on from where it stands when the rate changes, and back to where it was marked", () => {
  const clock = new WireClock();
  clock.setRate(3_999_999);
  clock.notBefore(1000);
  clock.advance();
  clock.mark();
  const marked = [clock.ticks, clock.now, clock.pcr, clock.bps];
  clock.setRate(800_001);
  expect(clock.now).toBeGreaterThanOrEqual(marked[1]!);
  expect(clock.now - marked[1]!).toBeLessThan(1);
  clock.advance();
  clock.notBefore(5);
  expect(clock.ticks).toBeGreaterThan(50_000);
  clock.reset();
  expect([clock.ticks, clock.now, clock.pcr, clock.bps]).toEqual(marked);
});
