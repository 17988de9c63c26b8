import { readdir, readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "../base/atomic-write.ts";
import { AppError } from "../base/errors.ts";
import { VIDEO_ENCODERS } from "../media/video-encoders.ts";

const TRIAL = z.object({ encoder: z.enum(VIDEO_ENCODERS), works: z.boolean(), reason: z.string() });
const CAPACITY = z.object({ speed: z.number(), channels: z.int() });
const FILE = z.object({
  version: z.literal(1),
  /** What everything below is true of, see `machineKey`. */
  machine: z.string(),
  /** By house format. */
  trials: z.record(z.string(), z.array(TRIAL)),
  /** By house format and encoder. */
  capacities: z.record(z.string(), CAPACITY),
});

/** What was found out about a machine; it holds for one `machineKey`. */
export type Knowledge = z.output<typeof FILE>;

/** What decides what a machine can do: its processor, its graphics devices, its ffmpeg. */
export async function machineKey(ffmpegVersion: string): Promise<string> {
  const processors = cpus();
  const devices = await Promise.all([
    readdir("/dev/dri").catch(() => []),
    readdir("/dev")
      .then((names) => names.filter((name) => /^(nvidia\d+|video1\d)$/.test(name)))
      .catch(() => []),
  ]);
  const processor = processors[0]?.model.trim() ?? "unknown processor";
  const parts = [`${processors.length} × ${processor}`, `ffmpeg ${ffmpegVersion}`, ...devices.flat().sort()];
  return parts.join(", ");
}

/** What is kept about this machine in the data folder; nothing when it was another machine's, or is damaged. */
export async function readKnowledge(dataFolder: string, machine: string): Promise<Knowledge> {
  const nothing: Knowledge = { version: 1, machine, trials: {}, capacities: {} };
  const text = await readFile(knowledgeFile(dataFolder), "utf8").catch(() => "");
  try {
    const kept = FILE.parse(JSON.parse(text));
    return kept.machine === machine ? kept : nothing;
  } catch {
    return nothing;
  }
}

/** Keeps it. Throws AppError("data_folder_unusable"). */
export async function writeKnowledge(dataFolder: string, knowledge: Knowledge): Promise<void> {
  const path = knowledgeFile(dataFolder);
  try {
    await writeAtomically(path, `${JSON.stringify(knowledge, null, 2)}\n`);
  } catch (failure) {
    throw new AppError("data_folder_unusable", `${path}: ${(failure as Error).message}`, { cause: failure });
  }
}

function knowledgeFile(dataFolder: string): string {
  return join(dataFolder, "machine.json");
}
