import { expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import type { PlayItem } from "../source/source.ts";
import type { ChannelDefinition } from "./channel.ts";
import { SourceReturns } from "./source-returns.ts";
import type { SwapOutcome, SwapWish } from "./swap.ts";

const facts = {
  ...{ path: "http://h/", sizeBytes: 0, mtimeMs: 0, demuxer: "mpegts", durationSeconds: 9, startSeconds: 0 },
  ...{ audioStreams: [], subtitleStreams: [] },
};
const spare: PlayItem = { mediaId: 1, title: "Live", frames: 9, facts, live: { delayMs: 6_000 } };
const preferred: PlayItem = { ...spare, alternates: [spare] };
const RETURN_AFTER_MS = 20_000;

function bench(channels = 1) {
  const clock = new ManualClock();
  const swaps: { atMs: number; wish: SwapWish }[] = [];
  const looks = { atMs: [] as number[], isWell: true, running: 0, most: 0 };
  const onAir = Array.from({ length: channels }, (_, index) => ({
    definition: { id: index + 1 } as ChannelDefinition,
    onNow: { item: preferred, startFrame: 90 },
    place: spare as PlayItem,
    swap: async (wish: SwapWish) => {
      swaps.push({ atMs: clock.now(), wish });
      onAir[index]!.place = preferred;
      return {} as SwapOutcome;
    },
  }));
  const switches = { isEnabled: true };
  const returns = new SourceReturns({
    ...{ clock, onAir: () => onAir, returnAfterMs: RETURN_AFTER_MS, isEnabled: () => switches.isEnabled },
    look: async () => {
      looks.atMs.push(clock.now());
      looks.most = Math.max(looks.most, ++looks.running);
      await clock.sleep(3_000);
      looks.running--;
      return looks.isWell;
    },
  });
  return { clock, swaps, looks, onAir, returns, switches };
}

test("the preferred source takes over when it has been well for long enough, and only then", async () => {
  const { clock, swaps, looks, returns } = bench();
  looks.isWell = false;
  await clock.advance(30_000);
  expect(swaps).toEqual([]);
  looks.isWell = true;
  await clock.advance(40_000);
  expect(swaps).toMatchObject([{ wish: { kind: "item", item: preferred, slotStart: 90, at: "lead" } }]);
  expect(swaps[0]!.atMs).toBeGreaterThanOrEqual(50_000);
  const seen = looks.atMs.length;
  await clock.advance(60_000);
  expect([swaps.length, looks.atMs.length]).toEqual([1, seen]);
  await returns.close();
});

test("one is looked at at a time, whatever the number of channels", async () => {
  const { clock, swaps, looks, returns } = bench(4);
  await clock.advance(200_000);
  expect([looks.most, swaps.length]).toEqual([1, 4]);
  await returns.close();
});

test("nobody is asked while the preferred source is on, or while swaps are switched off", async () => {
  const { clock, looks, onAir, switches, returns } = bench();
  onAir[0]!.place = preferred;
  await clock.advance(60_000);
  onAir[0]!.place = spare;
  switches.isEnabled = false;
  await clock.advance(60_000);
  expect(looks.atMs).toEqual([]);
  await returns.close();
});
