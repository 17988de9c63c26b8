import { z } from "zod";
import { AppError } from "../base/errors.ts";
import { MEDIA_FACTS_VERSION, type MediaFacts } from "../ffmpeg/media-facts.ts";
import { Numbering } from "./numbering.ts";

const FILE_VERSION = 1;

const numbering = z.object({
  next: z.int().positive(),
  entries: z.array(z.tuple([z.string(), z.int().positive()])),
});

const storedFacts = z.custom<MediaFacts>(
  (value) =>
    z
      .looseObject({
        path: z.string(),
        sizeBytes: z.number(),
        mtimeMs: z.number(),
        durationSeconds: z.number(),
      })
      .safeParse(value).success,
);

const storedLibrary = z.object({
  version: z.literal(FILE_VERSION),
  channels: numbering,
  media: numbering,
  factsVersion: z.number(),
  facts: z.array(storedFacts),
});

/** What `library.json` holds. */
export interface Memory {
  readonly channels: Numbering;
  readonly media: Numbering;
  /** By path. */
  readonly facts: Map<string, MediaFacts>;
}

/** Nothing remembered. */
export function emptyMemory(): Memory {
  return { channels: new Numbering(), media: new Numbering(), facts: new Map() };
}

/**
 * Reads what `serialise` wrote; undefined when it is damaged. Throws AppError("data_folder_unusable") when it was
 * written by a later version of the server.
 */
export function parse(content: string, path: string): Memory | undefined {
  try {
    const json: unknown = JSON.parse(content);
    const version = z.object({ version: z.number() }).safeParse(json).data?.version ?? 0;
    if (version > FILE_VERSION) {
      throw new AppError("data_folder_unusable", `${path} was written by a later version of the server`);
    }
    const stored = storedLibrary.parse(json);
    const facts = stored.factsVersion === MEDIA_FACTS_VERSION ? stored.facts : [];
    return {
      channels: new Numbering(stored.channels.entries, stored.channels.next),
      media: new Numbering(stored.media.entries, stored.media.next),
      facts: new Map(facts.map((each) => [each.path, each])),
    };
  } catch (failure) {
    if (failure instanceof AppError) throw failure;
    return undefined;
  }
}

/** The content of `library.json`. */
export function serialise({ channels, media, facts }: Memory): string {
  const library: z.input<typeof storedLibrary> = {
    version: FILE_VERSION,
    channels: channels.toJSON(),
    media: media.toJSON(),
    factsVersion: MEDIA_FACTS_VERSION,
    facts: [...facts.values()],
  };
  return `${JSON.stringify(library)}\n`;
}
