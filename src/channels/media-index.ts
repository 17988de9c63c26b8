import { AppError } from "../base/errors.ts";
import type { PlayItem } from "../source/source.ts";
import type { ChannelDefinition } from "./channel.ts";

/** A file of the library, and the channel that it is played on. */
export interface MediaEntry {
  readonly item: PlayItem;
  readonly channel: ChannelDefinition;
}

/** Every file of these channels, in their order. */
export function* mediaOf(channels: Iterable<ChannelDefinition>): Generator<MediaEntry> {
  for (const channel of channels) {
    for (const item of channel.schedule.items) yield { item, channel };
  }
}

/** The file with this id. Throws `media_not_found`. */
export function findMedia(channels: Iterable<ChannelDefinition>, mediaId: number): MediaEntry {
  for (const entry of mediaOf(channels)) if (entry.item.mediaId === mediaId) return entry;
  throw new AppError("media_not_found", `There is no file ${mediaId}; /api/media lists them.`);
}
