import { expect, it, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { soundPeriod } from "./sound-loop.ts";

const peakDb = (samples: Float32Array) =>
  20 * Math.log10(samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0));
const rmsDb = (samples: Float32Array) =>
  10 * Math.log10(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

it.each([
  ["sine_wave", -20, -20, -23.01],
  ["sine_wave", -6, -6, -9.01],
  ["white_noise", -20, -18.24, -23.01],
  ["beep", -20, -20, -34.4],
] as const)("%s at %d dBFS has peaks of %d and an RMS of %d dB", (mode, level, peak, rms) => {
  const period = soundPeriod(mode, level, seededRandom(1));
  expect(peakDb(period)).toBeCloseTo(peak, 1);
  expect(Math.abs(rmsDb(period) - rms)).toBeLessThan(0.2);
});

it.each(["sine_wave", "beep"] as const)("%s goes from its end to its start as it goes anywhere", (mode) => {
  const period = soundPeriod(mode, -20, seededRandom(1));
  expect(period.length % 1024).toBe(0);
  const steps = Array.from(period, (sample, index) => Math.abs(sample - period.at(index - 1)!));
  const inside = Math.max(...steps.slice(1));
  expect(steps[0]).toBeLessThanOrEqual(inside);
});

test("a beep is heard for 150 ms in two seconds", () => {
  const period = soundPeriod("beep", -20, seededRandom(1));
  expect(period.length / 48_000).toBeCloseTo(2, 1);
  const last = period.findLastIndex((sample) => Math.abs(sample) > 1e-6);
  expect(last / 48_000).toBeCloseTo(0.15, 2);
});

test("silence is silent, and noise the same for the same seed", () => {
  expect(soundPeriod("silent", -20, seededRandom(1)).every((sample) => sample === 0)).toBe(true);
  const noise = () => soundPeriod("white_noise", -20, seededRandom(7));
  expect(noise()).toEqual(noise());
});
