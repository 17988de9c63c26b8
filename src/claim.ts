import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import type { Scope } from "./base/scope.ts";
import { markChildren } from "./ffmpeg/child.ts";
import { ownerMark, reapOrphans } from "./ffmpeg/orphans.ts";
import { DataFolder } from "./store/data-folder.ts";

/** What an earlier server left behind delays the start for so long at most, in ms; it is ended all the same. */
const ORPHANS_MS = 500;

/** What is claimed, and with what. */
export interface ClaimOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Makes the data folder this process's own, and ends what an earlier server of it left behind. */
export async function claimDataFolder({ dataFolder, clock, log }: ClaimOptions, scope: Scope): Promise<void> {
  const folder = await DataFolder.claim(dataFolder, { wallNow: () => clock.wallNow() });
  scope.defer(() => folder.close());
  markChildren(await ownerMark(folder.id));
  const reaping = endOrphans(folder.id, clock, log);
  scope.defer(() => reaping);
  await Promise.race([reaping, clock.sleep(ORPHANS_MS)]);
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
