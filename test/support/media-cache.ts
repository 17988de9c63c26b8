import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runOrThrow } from "./process.ts";

const CACHE_FOLDER = fileURLToPath(new URL("../../.cache/media/", import.meta.url));
const MAKE_SECONDS = 120;

/** Stands in a step's arguments for the file that the step makes. */
export const OUTPUT = "{output}";
/** Stands in a later step's arguments for the file that the step before it made. */
export const PREVIOUS = "{previous}";

/** How a media file is made: ffmpeg argument lists, run one after the other. */
export interface Recipe {
  /** File name extension with its dot: ffmpeg chooses the container by it. */
  readonly extension: string;
  readonly steps: readonly (readonly string[])[];
}

/** An input of ffmpeg's that a filter graph generates. */
export function generated(graph: string): string[] {
  return ["-f", "lavfi", "-i", graph];
}

/**
 * Path of the recipe's product in the cache (`.cache/media/`), making it first when it is not there. The name is
 * the hash of the recipe, and a file appears under it only when it is whole. The file must not be changed.
 */
export async function cached(recipe: Recipe): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 24);
  const target = join(CACHE_FOLDER, `${hash}${recipe.extension}`);
  if (await exists(target)) return target;
  await mkdir(CACHE_FOLDER, { recursive: true });
  const made: string[] = [];
  try {
    for (const step of recipe.steps) {
      const output = join(CACHE_FOLDER, `making-${randomUUID()}${recipe.extension}`);
      const paths: Record<string, string | undefined> = { [OUTPUT]: output, [PREVIOUS]: made.at(-1) };
      made.push(output);
      const args = step.map((word) => paths[word] ?? word);
      const ffmpegArgs = ["-hide_banner", "-nostdin", "-v", "error", "-y", ...args];
      await runOrThrow("ffmpeg", ffmpegArgs, { seconds: MAKE_SECONDS });
    }
    await rename(made.pop()!, target);
  } finally {
    for (const path of made) await rm(path, { force: true });
  }
  return target;
}

/** Puts a copy of the recipe's product into `folder` as `name`; returns its path. The copy may be changed. */
export async function place(recipe: Recipe, folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const product = await cached(recipe);
  await mkdir(folder, { recursive: true });
  await copyFile(product, path, constants.COPYFILE_FICLONE);
  return path;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
