import { realpath } from "node:fs/promises";
import { basename, isAbsolute, relative, resolve, sep } from "node:path";
import { AppError } from "../base/errors.ts";
import type { MediaFacts } from "../ffmpeg/probe.ts";
import { unknownFacts } from "../ffmpeg/probe-address.ts";
import { parseAddress } from "../ffmpeg/source-address.ts";
import { titleFromFileName } from "../library/media-files.ts";
import type { HouseFormat } from "../media/house-format.ts";
import type { MediaFile } from "../source/open-encoder.ts";
import type { MediaWithPlaces } from "../source/plan-places.ts";
import type { PlayItem } from "../source/source.ts";
import type { ChannelDefinition } from "./channel.ts";
import type { ChannelManager } from "./channel-manager.ts";
import { findMedia, mediaOf } from "./media-index.ts";

/** Something to play that is not what the schedule has. */
export type AlternativeName =
  | { readonly mediaId: number }
  /** Absolute, or relative to the media folder. */
  | { readonly path: string }
  | { readonly url: string };

/** What alternatives are found with. */
export interface AlternativeParts {
  readonly channels: Pick<ChannelManager, "definitions">;
  /** Absolute; files outside are refused. */
  readonly mediaFolder: string;
  /** Throws `media_unreadable`, and what keeps files from being looked into at all. */
  readonly probe: (path: string, signal: AbortSignal) => Promise<MediaFacts>;
  readonly plan: (media: MediaFile & Partial<MediaWithPlaces>, format: HouseFormat) => PlayItem;
}

/** `PlayItem.mediaId` of a file that the library does not know. */
const UNKNOWN_MEDIA = 0;

/**
 * Finds what an operator names and plans it for a channel. Throws `media_not_found`, `media_unreadable`,
 * `swap_path_refused`, `swap_url_unsupported`, and the signal's reason.
 */
export async function resolveAlternative(
  name: AlternativeName,
  channel: Pick<ChannelDefinition, "format">,
  parts: AlternativeParts,
  signal: AbortSignal,
): Promise<PlayItem> {
  if ("mediaId" in name) return planned(findMedia(parts.channels.definitions, name.mediaId).item);
  if ("path" in name) return fileAt(name.path);
  return streamAt(name.url);

  /** A stream is taken as it arrives, for as long as the slot lasts. */
  function streamAt(url: string): PlayItem {
    const address = parseAddress(url);
    if (typeof address === "string") throw new AppError("swap_url_unsupported", address);
    const facts = unknownFacts(address.label, 0);
    return parts.plan(
      { id: UNKNOWN_MEDIA, title: address.label, facts, places: [{ address }] },
      channel.format,
    );
  }

  /** A file of the library, planned in this channel's frames. */
  function planned(item: PlayItem): PlayItem {
    const { mediaId: id, title, facts } = item;
    return { ...item, frames: parts.plan({ id, title, facts }, channel.format).frames };
  }

  async function fileAt(path: string): Promise<PlayItem> {
    const wanted = resolve(parts.mediaFolder, path);
    const real = await insideOf(parts.mediaFolder, wanted);
    for (const { item } of mediaOf(parts.channels.definitions)) {
      if (item.facts.path === wanted || item.facts.path === real) return planned(item);
    }
    signal.throwIfAborted();
    const facts = await parts.probe(real, signal);
    const title = facts.title ?? titleFromFileName(basename(wanted));
    return parts.plan({ id: UNKNOWN_MEDIA, title, facts }, channel.format);
  }
}

/** The file itself, links followed. What lies elsewhere is answered as what does not exist: neither is told apart. */
async function insideOf(folder: string, path: string): Promise<string> {
  const refused = new AppError(
    "swap_path_refused",
    "There is no such file in the media folder; give its path below that folder.",
  );
  if (!isBelow(folder, path)) throw refused;
  try {
    const [root, real] = await Promise.all([realpath(folder), realpath(path)]);
    if (isBelow(root, real)) return real;
  } catch (cause) {
    throw new AppError(refused.code, refused.message, { cause });
  }
  throw refused;
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
