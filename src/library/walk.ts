import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isHidden, isPlayableName } from "./media-files.ts";
import { compareNaturalPaths } from "./natural-order.ts";

/** A file or folder that cannot be used, and one sentence that says why. */
export interface Rejection {
  readonly path: string;
  readonly reason: string;
}

/** A direct sub-folder of the media folder, or the media folder itself with the files that lie directly in it. */
export interface FoundFolder {
  /** Relative to the media folder; "." is the media folder itself. */
  readonly key: string;
  /** Media files, relative to the media folder, in natural order. Not empty. */
  readonly files: readonly string[];
}

/** What a walk found: sub-folders in natural order, the media folder's own files last. */
export interface Found {
  readonly folders: readonly FoundFolder[];
  readonly rejected: readonly Rejection[];
}

/**
 * Finds the media files below `root` by their names. Links are followed, but each sub-folder visits a folder
 * once at the most, so that loops end. What vanishes meanwhile is passed over. Throws the file system's error
 * when the root itself cannot be read, and the signal's reason when aborted.
 */
export async function walkMedia(root: string, signal?: AbortSignal): Promise<Found> {
  const walk = new Walk(root, signal);
  const top = await walk.list(await readdir(root, { withFileTypes: true }), "");
  const folders: FoundFolder[] = [];
  for (const name of [...top.folders, ...top.links].sort(compareNaturalPaths)) {
    const files = await walk.filesBelow(name);
    if (files.length > 0) folders.push({ key: name, files });
  }
  if (top.files.length > 0) folders.push({ key: ".", files: top.files.sort(compareNaturalPaths) });
  return { folders, rejected: walk.rejected };
}

/** The entries of one folder, as paths relative to the root. */
interface Listing {
  readonly files: string[];
  readonly folders: string[];
  /** Links to folders. */
  readonly links: string[];
}

class Walk {
  readonly rejected: Rejection[] = [];
  readonly #root: string;
  readonly #signal: AbortSignal | undefined;

  constructor(root: string, signal: AbortSignal | undefined) {
    this.#root = root;
    this.#signal = signal;
  }

  /** Real folders first, then links: a file keeps its path (and so its number) when a link to it is added. */
  async filesBelow(start: string): Promise<string[]> {
    const files: string[] = [];
    const visited = new Set([await folderIdentity(this.#root)]);
    const folders = [start];
    const links: string[] = [];
    for (;;) {
      const folder = folders.shift() ?? links.shift();
      if (folder === undefined) return files.sort(compareNaturalPaths);
      const listing = await this.#read(folder, visited);
      files.push(...listing.files);
      folders.push(...listing.folders);
      links.push(...listing.links);
      links.sort(compareNaturalPaths);
    }
  }

  async #read(folder: string, visited: Set<string | undefined>): Promise<Listing> {
    this.#signal?.throwIfAborted();
    const none = { files: [], folders: [], links: [] };
    const path = join(this.#root, folder);
    try {
      const identity = await folderIdentity(path);
      if (visited.has(identity)) return none;
      visited.add(identity);
      return await this.list(await readdir(path, { withFileTypes: true }), folder);
    } catch (failure) {
      const reason = explain(failure as NodeJS.ErrnoException, folder);
      if (reason) this.rejected.push({ path, reason });
      return none;
    }
  }

  async list(entries: readonly Dirent[], folder: string): Promise<Listing> {
    const listing: Listing = { files: [], folders: [], links: [] };
    for (const entry of entries) {
      if (isHidden(entry.name)) continue;
      const relative = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) listing.folders.push(relative);
      else if (entry.isSymbolicLink()) await this.#follow(relative, listing);
      else if (entry.isFile() && isPlayableName(entry.name)) listing.files.push(relative);
    }
    return listing;
  }

  async #follow(relative: string, listing: Listing): Promise<void> {
    const path = join(this.#root, relative);
    try {
      const target = await stat(path);
      if (target.isDirectory()) listing.links.push(relative);
      else if (target.isFile() && isPlayableName(relative)) listing.files.push(relative);
    } catch {
      if (isPlayableName(relative)) {
        this.rejected.push({
          path,
          reason: "It is a link to something that does not exist or cannot be reached.",
        });
      }
    }
  }
}

/** Device and inode: the same for every path that leads to a folder. */
async function folderIdentity(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** Undefined for what has merely vanished. */
function explain(failure: NodeJS.ErrnoException, folder: string): string | undefined {
  if (failure.code === "ENOENT" || failure.code === "ENOTDIR") return undecodable(folder);
  if (failure.code === "EACCES" || failure.code === "EPERM") {
    return "The server is not allowed to look into this folder.";
  }
  return `The folder cannot be read: ${failure.message}.`;
}

/** Why a name that was listed cannot be opened, when it is the name's fault: its bytes were no UTF-8. */
export function undecodable(path: string): string | undefined {
  return path.includes("\uFFFD") ? "Its name is not valid UTF-8; rename it." : undefined;
}
