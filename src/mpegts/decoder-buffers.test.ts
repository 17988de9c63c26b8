import { expect, it } from "vitest";
import { MainBuffer, TransportBuffer } from "./decoder-buffers.ts";

it("a transport buffer leaks, and holds two packets and a bit", () => {
  const buffer = new TransportBuffer();
  buffer.setLeak(1);
  expect(buffer.fits(0, 2)).toBe(true);
  expect(buffer.fits(0, 3)).toBe(false);
  buffer.add(0);
  buffer.mark();
  buffer.add(0);
  expect(buffer.fits(51, 1)).toBe(false);
  expect(buffer.fits(52, 1)).toBe(true);
  buffer.reset();
  expect(buffer.fits(0, 1)).toBe(true);
  expect(buffer.fits(10_000, 2)).toBe(true);
});

it("a main buffer lets units go at their time, and can be taken back however many came", () => {
  const buffer = new MainBuffer(10_000);
  for (let unit = 0; unit < 20; unit++) {
    buffer.begin(unit, 100);
    buffer.fill(100);
  }
  buffer.advance(9);
  expect(buffer.fits(9000)).toBe(true);
  expect(buffer.fits(9001)).toBe(false);
  buffer.mark();
  for (let unit = 20; unit < 2000; unit++) {
    buffer.begin(unit, 4);
    buffer.fill(4);
    buffer.advance(unit - 500);
  }
  expect(buffer.fits(8000)).toBe(true);
  expect(buffer.fits(8001)).toBe(false);
  buffer.reset();
  expect(buffer.fits(9001)).toBe(false);
  buffer.advance(19);
  expect(buffer.fits(10_000)).toBe(true);
});
