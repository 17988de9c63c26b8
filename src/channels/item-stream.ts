import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Scope } from "../base/scope.ts";
import { frameCount, truncateGop } from "../media/gop.ts";
import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import { Muxer } from "../mpegts/muxer.ts";
import type { OpenSource, PlayItem } from "../source/source.ts";
import { Splicer } from "../splice/splicer.ts";
import type { ChannelEventSink } from "./events.ts";
import { ItemPlayer } from "./item-player.ts";

/** Timers may end so much too early. */
const EARLY_MS = 2;

/** What an item is streamed with. */
export interface ItemStreamOptions {
  readonly item: PlayItem;
  /** Item frame to begin with. */
  readonly startFrame: number;
  readonly format: HouseFormat;
  readonly open: OpenSource;
  /** Decoding time of the first frame, in 90 kHz ticks. */
  readonly startTicks: number;
  /** How long the next Gop may take to come, in ms. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: ChannelEventSink;
}

/**
 * One item from a position to its end as a transport stream of its own, a Gop at a time, made no faster than it is
 * asked for. An encoder that dies is replaced as on a channel; what the restart policy has to step over is left out,
 * and the timeline runs on. Throws the last failure when the rest of the item does not come. Its processes end
 * with `scope`.
 */
export async function* itemStream(
  options: ItemStreamOptions,
  scope: Scope,
): AsyncGenerator<Uint8Array, void, void> {
  const { item, startFrame, format, open, startTicks, patienceMs, clock, random } = options;
  const { gopFrames } = format;
  const splicer = new Splicer(format);
  const muxer = new Muxer({ format, serviceName: item.title, startTicks });
  let failure: AppError | undefined;
  let sent = 0;
  const player = new ItemPlayer(
    {
      ...{ item, startFrame, gopFrames, open, clock, random, keepsTrying: false },
      audioPhase: new FrameGrid(format).audioPhase(-startFrame),
      onEvent: (event) => {
        if (event.type === "source_failed" || event.type === "source_held_up") failure = event.error;
        // Who has seen nothing yet is better told at once.
        if (event.type === "source_held_up" && sent === 0) void player.close();
        if (event.type !== "item_given_up") options.onEvent(event);
      },
    },
    scope.child(),
  );
  let reached = startFrame;
  try {
    for (let frame = startFrame; frame < item.frames; frame += gopFrames) {
      const deadlineMs = clock.now() + patienceMs;
      const gop = await player.take(frame, deadlineMs);
      if (scope.closed) return;
      if (!gop && clock.now() >= deadlineMs - EARLY_MS) break;
      // One that will not come is followed by the next that does, or by none.
      if (!gop) continue;
      const whole = truncateGop(gop, item.frames - frame);
      yield muxer.mux(splicer.place(whole, sent)).bytes;
      sent += frameCount(whole);
      reached = frame + frameCount(whole);
    }
  } finally {
    await player.close();
  }
  if (reached < item.frames) {
    throw failure ?? new AppError("encoder_stalled", `nothing came of "${item.title}" for ${patienceMs} ms`);
  }
}
