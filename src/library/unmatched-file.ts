import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "../base/atomic-write.ts";
import { AppError } from "../base/errors.ts";
import { UnmatchedLines } from "../ffmpeg/unmatched-lines.ts";

/** Name of the file in the data folder. */
export const UNMATCHED_FILE = "unmatched-lines.json";

/** A larger file is none of ours; 200 templates are at most some 200 kB. */
const MAX_BYTES = 1 << 20;

const stored = z.object({
  version: z.literal(1),
  lines: z.array(z.object({ template: z.string().max(200), count: z.int().positive() })),
});

/** The lines that the table of failures does not know, kept over restarts in the data folder. */
export class UnmatchedFile {
  readonly lines: UnmatchedLines;
  readonly #path: string;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, lines: UnmatchedLines) {
    this.#path = path;
    this.lines = lines;
  }

  /** Goes on with what an earlier run counted; a file that cannot be understood is begun anew. */
  static async open(dataFolder: string): Promise<UnmatchedFile> {
    const path = join(dataFolder, UNMATCHED_FILE);
    return new UnmatchedFile(path, new UnmatchedLines(await readStored(path)));
  }

  /** Writes what is new, whole or not at all. Throws AppError("data_folder_unusable"). */
  save(): Promise<void> {
    const write = () => this.#write();
    this.#saving = this.#saving.then(write, write);
    return this.#saving;
  }

  async #write(): Promise<void> {
    if (!this.lines.changed) return;
    const content = { version: 1, lines: this.lines.snapshot() };
    try {
      await mkdir(join(this.#path, ".."), { recursive: true });
      await writeAtomically(this.#path, `${JSON.stringify(content, null, 1)}\n`);
    } catch (cause) {
      throw new AppError("data_folder_unusable", `${this.#path}: ${(cause as Error).message}`, { cause });
    }
  }
}

async function readStored(path: string) {
  try {
    if ((await stat(path)).size > MAX_BYTES) return [];
    return stored.parse(JSON.parse(await readFile(path, "utf8"))).lines;
  } catch {
    // Absent or damaged: nothing depends on it, and the next save puts it right.
    return [];
  }
}
