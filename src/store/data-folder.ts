import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { writeAtomically } from "../base/atomic-write.ts";
import { isDiskFailure } from "../base/disk-failure.ts";
import { AppError } from "../base/errors.ts";

/** SQLite's result code for a lock that somebody else holds (SQLITE_BUSY). */
const SQLITE_BUSY = 5;

const OWNER = z.object({
  /** Random; children of this folder's servers carry it. */
  id: z.uuid(),
  /** Device and inode of the folder: a copy of it is another folder, with an id of its own. */
  place: z.string(),
  pid: z.int(),
  host: z.string(),
  started_at: z.string(),
});
type Owner = z.output<typeof OWNER>;

/** The moment of claiming, for the message that another server is refused with. */
export interface ClaimOptions {
  readonly wallNow: () => number;
}

/**
 * The folder with everything that a server keeps, claimed by this process alone until `close`.
 *
 * The claim is SQLite's write lock on the empty file `server.lock`: a lock of the kernel (fcntl) on Linux and
 * macOS alike, which ends with the process however that ends. So there is nothing that could be left behind, no
 * process number that could be mistaken, and no moment in which two servers could both take over. Processes in
 * different containers that share the folder see it too, and encoders do not inherit it. `server.json` only says
 * who holds it.
 */
export class DataFolder implements AsyncDisposable {
  readonly path: string;
  /** The same for every server that is started on this folder. */
  readonly id: string;
  /** Why nothing can be kept in it at present; undefined when it can. */
  readonly problem: AppError | undefined;
  readonly #lock: DatabaseSync | undefined;

  private constructor(path: string, id: string, lock: DatabaseSync | undefined, problem?: AppError) {
    this.path = path;
    this.id = id;
    this.#lock = lock;
    this.problem = problem;
  }

  /**
   * Makes the folder where it is missing, and claims it. Throws AppError("data_folder_locked") when another
   * server holds it, AppError("data_folder_unusable") when it cannot be made, written or locked.
   *
   * A folder on a full disk is claimed all the same: what is in it can be read, and channels need no more. One on a
   * read-only file system cannot be claimed, and need not be, since nobody writes to it: no lock is held, and a second
   * server on it is not found out. Either says so as `problem`.
   */
  static async claim(path: string, options: ClaimOptions): Promise<DataFolder> {
    const problem = await problemOf(path);
    const isReadOnly = (problem?.cause as NodeJS.ErrnoException | undefined)?.code === "EROFS";
    const lock = isReadOnly ? undefined : await takeLock(path);
    try {
      const { dev, ino } = await stat(path, { bigint: true });
      const place = `${dev}:${ino}`;
      const before = await readOwner(path);
      const owner: Owner = {
        id: before?.place === place ? before.id : randomUUID(),
        place,
        pid: process.pid,
        host: hostname(),
        started_at: new Date(options.wallNow()).toISOString(),
      };
      // Without it the lock holds as well; only the name of its holder is missing.
      if (!problem) await writeAtomically(ownerFile(path), `${JSON.stringify(owner, null, 2)}\n`);
      return new DataFolder(path, owner.id, lock, problem);
    } catch (failure) {
      lock?.close();
      throw unusable(path, failure);
    }
  }

  /** Whether another server on it would be refused; only a read-only one is not locked. */
  get isLocked(): boolean {
    return this.#lock !== undefined;
  }

  /** Gives the folder back. Idempotent. */
  close(): void {
    if (this.#lock?.isOpen) this.#lock.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

function ownerFile(folder: string): string {
  return join(folder, "server.json");
}

/**
 * Tries to write: SQLite does not say why a file cannot be opened, the file system does. Returns what is wrong when the
 * disk is full or read-only, and throws what else is.
 */
async function problemOf(folder: string): Promise<AppError | undefined> {
  const trial = join(folder, `.writable-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(trial, "x");
    await rm(trial);
    return undefined;
  } catch (failure) {
    await rm(trial, { force: true }).catch(() => undefined);
    const error = unusable(folder, failure);
    const isThere = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere && isDiskFailure(failure)) return error;
    throw error;
  }
}

async function takeLock(folder: string): Promise<DatabaseSync> {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(folder, "server.lock"), { timeout: 0 });
    // Nothing is ever written, so no journal is wanted on disk.
    lock.exec("PRAGMA journal_mode=MEMORY; BEGIN IMMEDIATE");
    return lock;
  } catch (failure) {
    lock?.close();
    const { errcode, message } = failure as { errcode?: number; message?: string };
    if (errcode === SQLITE_BUSY) throw await locked(folder, failure);
    throw new AppError(
      "data_folder_unusable",
      `${folder} cannot be locked: ${message}. If it is on a network drive without locks, choose a folder on a local disk with --data.`,
      { cause: failure },
    );
  }
}

async function locked(folder: string, cause: unknown): Promise<AppError> {
  const holder = await readOwner(folder);
  const where = holder && holder.host !== hostname() ? ` on ${holder.host}` : "";
  const who = holder
    ? `process ${holder.pid}${where}, started ${holder.started_at}`
    : "its process is unknown";
  return new AppError(
    "data_folder_locked",
    `Another EXStreamTV (${who}) uses ${folder}. End it, or give this one a folder of its own with --data or EXSTREAMTV_DATA.`,
    { cause },
  );
}

/** What `server.json` says; undefined when it is missing or damaged. */
async function readOwner(folder: string): Promise<Owner | undefined> {
  const text = await readFile(ownerFile(folder), "utf8").catch(() => "");
  try {
    return OWNER.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function unusable(folder: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError(
    "data_folder_unusable",
    `${folder} cannot be written: ${(cause as Error).message}. Check its owner, its permissions and the free space, or choose another one with --data or EXSTREAMTV_DATA.`,
    { cause },
  );
}
