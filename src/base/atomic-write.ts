import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces the file at `path`: after a crash or a power cut it holds either the old content or the new one,
 * whole. Throws the file system's error; the old content is then untouched.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.new-${process.pid}`;
  try {
    await writeThrough(temporary, content);
    await rename(temporary, path);
  } catch (failure) {
    await rm(temporary, { force: true });
    throw failure;
  }
  await using folder = await open(dirname(path), "r");
  await folder.sync();
}

async function writeThrough(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, "w");
  await file.writeFile(content);
  await file.sync();
}
