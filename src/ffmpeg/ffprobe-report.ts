import { z } from "zod";

// ffprobe leaves out what it does not know and writes most numbers as text; a value of an unexpected kind is
// treated as left out, because files in the wild hold anything.
const text = z.string().optional().catch(undefined);
const number = z
  .preprocess((value) => (typeof value === "string" ? Number.parseFloat(value) : value), z.number())
  .optional()
  .catch(undefined);

/** Tags with their names in lower case: Matroska and MP4 do not agree on it. */
const tags = z
  .record(z.string(), z.unknown())
  .catch({})
  .transform((record) => {
    const lower: Record<string, string> = {};
    for (const [name, value] of Object.entries(record)) {
      if (typeof value === "string") lower[name.toLowerCase()] = value;
    }
    return lower;
  });

/** 1 means yes. */
const disposition = z
  .object({
    default: number,
    attached_pic: number,
    timed_thumbnails: number,
    comment: number,
    visual_impaired: number,
    hearing_impaired: number,
    forced: number,
  })
  .catch({});

const stream = z.object({
  index: z.number(),
  codec_type: text,
  codec_name: text,
  profile: text,
  width: number,
  height: number,
  sample_aspect_ratio: text,
  avg_frame_rate: text,
  r_frame_rate: text,
  pix_fmt: text,
  bits_per_raw_sample: number,
  field_order: text,
  color_range: text,
  color_space: text,
  color_transfer: text,
  color_primaries: text,
  sample_rate: number,
  channels: number,
  channel_layout: text,
  start_time: number,
  duration: number,
  disposition,
  tags,
  side_data_list: z.array(z.object({ rotation: number, max_content: number, max_luminance: text })).catch([]),
});

const report = z.object({
  streams: z.array(stream).catch([]),
  format: z.object({ format_name: z.string(), duration: number, start_time: number, tags }),
});

/** What ffprobe said about a file, after `-show_format -show_streams`. */
export type FfprobeReport = z.infer<typeof report>;

/** One stream of a report. */
export type FfprobeStream = z.infer<typeof stream>;

/** Reads ffprobe's JSON; undefined when it describes no file. */
export function parseReport(json: string): FfprobeReport | undefined {
  try {
    return report.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
