import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "./base/clock.ts";
import { isDiskFailure } from "./base/disk-failure.ts";
import type { Log } from "./base/log.ts";
import type { Scope } from "./base/scope.ts";
import { markChildren } from "./ffmpeg/child.ts";
import { ownerMark, reapOrphans } from "./ffmpeg/orphans.ts";
import { prepareWorkFolder } from "./source/work-folder.ts";
import { DataFolder } from "./store/data-folder.ts";
import { DiskWatch, diskSpace } from "./store/disk-watch.ts";

/** That the disk takes nothing is told again after so long. */
const TELL_AGAIN_MS = 600_000;
/** What an earlier server left behind delays the start for so long at most, in ms; it is ended all the same. */
const ORPHANS_MS = 500;

/** What a DataDisk works with. */
export interface DataDiskOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The data folder and the disk it is on: claimed, cleared of what an earlier server left behind, and watched. */
export class DataDisk {
  /** Where encoders work: in the data folder, or, where nothing can be written there, in the system's folder for such. */
  readonly workFolder: string;
  readonly #options: DataDiskOptions;
  readonly #isReadOnly: boolean;
  #watch: DiskWatch | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;

  private constructor(options: DataDiskOptions, workFolder: string, isReadOnly: boolean) {
    this.#options = options;
    this.workFolder = workFolder;
    this.#isReadOnly = isReadOnly;
  }

  /** Claims the folder, as `DataFolder.claim`; everything ends with the scope. */
  static async open(options: DataDiskOptions, scope: Scope): Promise<DataDisk> {
    const { dataFolder, clock, log } = options;
    const folder = await DataFolder.claim(dataFolder, { wallNow: () => clock.wallNow() });
    scope.defer(() => folder.close());
    markChildren(await ownerMark(folder.id));
    const reaping = endOrphans(folder.id, clock, log);
    scope.defer(() => reaping);
    await Promise.race([reaping, clock.sleep(ORPHANS_MS)]);
    const { problem } = folder;
    const disk = new DataDisk(options, await openWorkFolder(dataFolder, scope), !folder.isLocked);
    if (problem) {
      const kept = folder.isLocked ? "" : "; nor is a second server on this folder found out";
      const message = `the data folder takes nothing: channels go on air, what changes is not kept${kept}`;
      log.warn({ code: problem.code, reason: problem.message }, message);
      disk.#toldMs = clock.now();
    }
    const watch = await DiskWatch.open({
      clock,
      look: () => diskSpace(dataFolder),
      onChange: (isShort, { freeBytes }) => disk.#tell(isShort, freeBytes),
    });
    scope.defer(() => watch.close());
    disk.#watch = watch;
    return disk;
  }

  /** Whether something may be written that could be made again. */
  readonly mayWrite = (): boolean => !this.#isReadOnly && this.#watch?.isShort !== true;

  /** Logs a failure that is survived; that the disk takes nothing is said once, whatever it is that is not written. */
  survived(err: unknown, message: string): void {
    const { log } = this.#options;
    const tell = () => log.warn({ err }, message);
    if (!isDiskFailure(err)) {
      tell();
      return;
    }
    // A disk that is found to be full says so itself.
    void this.#watch?.look().then(() => this.#tellOnce(tell));
  }

  #tellOnce(tell: () => void): void {
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#toldMs < TELL_AGAIN_MS) return;
    this.#toldMs = nowMs;
    tell();
  }

  #tell(isShort: boolean, freeBytes: number): void {
    const { dataFolder, log } = this.#options;
    const about = { dataFolder, free_mib: Math.floor(freeBytes / 2 ** 20) };
    if (!isShort) {
      this.#toldMs = Number.NEGATIVE_INFINITY;
      log.info(about, "there is room on the disk of the data folder again");
      return;
    }
    this.#tellOnce(() =>
      log.warn(about, "the disk of the data folder is nearly full: nothing is cached; channels go on"),
    );
  }
}

async function endOrphans(folderId: string, clock: Clock, log: Log): Promise<void> {
  const orphans = await reapOrphans(folderId, clock).catch((err: unknown) => {
    log.error({ err }, "what an earlier run may have left behind cannot be ended");
    return [];
  });
  for (const orphan of orphans) {
    const level = orphan.outcome === "left" ? "error" : "warn";
    log[level](orphan, "an earlier run of this server had left a process behind");
  }
}

/** The working folder in the data folder, or a temporary one. Throws when neither can be had. */
async function openWorkFolder(dataFolder: string, scope: Scope): Promise<string> {
  const folder = join(dataFolder, "work");
  try {
    await prepareWorkFolder(folder);
    return folder;
  } catch (failure) {
    if (!isDiskFailure(failure)) throw failure;
    const temporary = await mkdtemp(join(tmpdir(), "exstreamtv-work-"));
    scope.defer(() => rm(temporary, { recursive: true, force: true }));
    await prepareWorkFolder(temporary);
    return temporary;
  }
}
