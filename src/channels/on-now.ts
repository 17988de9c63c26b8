import { FrameGrid, type HouseFormat } from "../media/house-format.ts";
import type { LoopSchedule } from "../playout/loop-schedule.ts";
import type { PlayItem } from "../source/source.ts";

/** What a channel shows at a moment by its schedule, whether it is on air or not. */
export interface OnNow {
  readonly title: string;
  readonly mediaId: number;
  /** Wall-clock time at which it began and will end, in ms since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  /** What follows it. */
  readonly nextTitle: string;
}

/** What the schedule says of the moment `wallMs`, in ms since the Unix epoch. */
export function onNow(
  { format, schedule }: { readonly format: HouseFormat; readonly schedule: LoopSchedule<PlayItem> },
  wallMs: number,
): OnNow {
  const grid = new FrameGrid(format);
  const slot = schedule.at(Math.floor(grid.framesIn(wallMs)));
  return {
    title: slot.item.title,
    mediaId: slot.item.mediaId,
    startMs: grid.milliseconds(slot.startFrame),
    endMs: grid.milliseconds(slot.startFrame + slot.item.frames),
    nextTitle: schedule.after(slot).item.title,
  };
}
