import { open, realpath } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import type { MediaFacts } from "../ffmpeg/media-facts.ts";
import { unknownFacts } from "../ffmpeg/probe-address.ts";
import type { SourceAddress } from "../ffmpeg/source-address.ts";
import { hasMediaExtension } from "./media-files.ts";
import { MAX_STRM_BYTES, parseStrm, type StrmPlace } from "./strm.ts";

/** A place where the programme of a .strm file can be had: an address, or a file of the media folder. */
export type MediaPlace = { readonly address: SourceAddress } | { readonly facts: MediaFacts };

/** What a .strm file stands for. */
export interface StrmMedia {
  /** Not empty; the most preferred first. */
  readonly places: readonly MediaPlace[];
  readonly title?: string;
  /** Undefined when it has no end. */
  readonly seconds?: number;
  /** Of the first place where that is a file; otherwise what is known without asking the network: nothing. */
  readonly facts: MediaFacts;
}

/** The facts of a media file, or the reason why it cannot be played. */
type FactsOf = (path: string) => Promise<MediaFacts | string | undefined>;

/**
 * Reads a .strm file below `root`; a sentence when it cannot be played, undefined when it has vanished. No address is
 * asked: a source that is away is still a channel.
 */
export async function readStrm(
  path: string,
  root: string,
  factsOf: FactsOf,
): Promise<StrmMedia | string | undefined> {
  const text = await textOf(path);
  if (text === undefined) return undefined;
  if (text.length > MAX_STRM_BYTES) return `It is larger than ${MAX_STRM_BYTES / 1024} KiB.`;
  const strm = parseStrm(text.toString("utf8"));
  if (typeof strm === "string") return strm;
  const places: MediaPlace[] = [];
  for (const place of strm.places) {
    const found = await locate(place, path, root, factsOf);
    if (typeof found === "string") return found;
    places.push(found);
  }
  const first = places[0]!;
  const { title } = strm;
  if (!("address" in first)) {
    return { places, title, seconds: strm.seconds ?? first.facts.durationSeconds, facts: first.facts };
  }
  return {
    places,
    title,
    seconds: strm.seconds,
    facts: unknownFacts(first.address.label, strm.seconds ?? 0),
  };
}

/** Its beginning, a byte longer than is allowed at the most. */
async function textOf(path: string): Promise<Buffer | undefined> {
  try {
    await using handle = await open(path, "r");
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(MAX_STRM_BYTES + 1),
      0,
      MAX_STRM_BYTES + 1,
      0,
    );
    return buffer.subarray(0, bytesRead);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw failure;
  }
}

async function locate(
  place: StrmPlace,
  strm: string,
  root: string,
  factsOf: FactsOf,
): Promise<MediaPlace | string> {
  if (place.scheme !== "file") return { address: place };
  const path = resolve(dirname(strm), place.path);
  const [real, top] = await Promise.all([realpath(path).catch(() => undefined), realpath(root)]);
  if (!real) return "It names a file that does not exist.";
  // What may be read is what lies in the media folder, and no link leads out of it.
  if (!real.startsWith(top + sep)) return "It names a file outside the media folder.";
  if (!hasMediaExtension(path)) return "It names a file that is not media.";
  const facts = await factsOf(path);
  if (facts === undefined) return "It names a file that does not exist.";
  return typeof facts === "string" ? `It names a file that cannot be played. ${facts}` : { facts };
}
