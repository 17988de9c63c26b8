import type { Clock } from "../base/clock.ts";
import { OWNER_VARIABLE } from "./environment.ts";
import {
  hasProcessTable,
  type ProcessEntry,
  processIds,
  readProcess,
  variableOfProcess,
} from "./process-table.ts";

/** What is asked of orphans, one after the other, and how long each may take to show. */
const STEPS = [
  { signal: "SIGTERM", waitMs: 2000 },
  { signal: "SIGKILL", waitMs: 2000 },
] as const;
const LOOK_AGAIN_MS = 50;

/** A process that an earlier server of this data folder left behind, and what became of it. */
export interface Orphan {
  readonly pid: number;
  /** Name of its program. */
  readonly name: string;
  /** Number of the server that had started it. */
  readonly serverPid: number;
  /** `left`: it did not end even when killed (it waits for a device), or may not be ended by us. */
  readonly outcome: "terminated" | "killed" | "left";
}

/** The mark of this process's children: `<data folder>:<process number>:<start of the process>`. */
export async function ownerMark(folderId: string): Promise<string> {
  const self = await readProcess(process.pid);
  return `${folderId}:${process.pid}:${self?.startTicks ?? 0}`;
}

/**
 * Ends what earlier servers of this data folder left behind, within some four seconds, and says what it was.
 * Found by the mark in their environment and by nothing else: not by name, and not when the server that
 * started them still runs. Elsewhere than on Linux nobody's environment can be read, and nothing is done.
 */
export async function reapOrphans(folderId: string, clock: Clock): Promise<Orphan[]> {
  const orphans = new Map<string, Orphan>();
  if (!hasProcessTable) return [];
  for (const { signal, waitMs } of STEPS) {
    const outcome = signal === "SIGTERM" ? "terminated" : "killed";
    const deadlineMs = clock.now() + waitMs;
    for (let signalled = false; ; signalled = true) {
      const found = await findOrphans(folderId);
      if (found.length === 0) return [...orphans.values()];
      for (const { process: entry, serverPid } of found) {
        const { pid, name } = entry;
        orphans.set(`${pid}:${entry.startTicks}`, { pid, name, serverPid, outcome });
        if (!signalled || signal === "SIGKILL") signalOrphan(entry, signal);
      }
      if (clock.now() >= deadlineMs) break;
      await clock.sleep(LOOK_AGAIN_MS);
    }
  }
  const left = new Set((await findOrphans(folderId)).map(({ process: { pid } }) => pid));
  return [...orphans.values()].map((orphan) =>
    left.has(orphan.pid) ? { ...orphan, outcome: "left" as const } : orphan,
  );
}

interface Found {
  readonly process: ProcessEntry;
  readonly serverPid: number;
}

async function findOrphans(folderId: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const pid of await processIds()) {
    if (pid === process.pid) continue;
    const mark = await variableOfProcess(pid, OWNER_VARIABLE);
    const [folder, server, start] = mark?.split(":") ?? [];
    if (folder !== folderId || server === undefined || start === undefined) continue;
    if (await isRunning(Number(server), Number(start))) continue;
    const entry = await readProcess(pid);
    if (entry && !entry.zombie) found.push({ process: entry, serverPid: Number(server) });
  }
  return found;
}

async function isRunning(pid: number, startTicks: number): Promise<boolean> {
  const entry = await readProcess(pid);
  return entry !== undefined && !entry.zombie && entry.startTicks === startTicks;
}

/**
 * Signals the process group when it is the one that its own start made (group and session are the same then,
 * and hold nobody but its descendants); else the process alone.
 */
function signalOrphan({ pid, group, session }: ProcessEntry, signal: NodeJS.Signals): void {
  try {
    process.kill(group === session && group > 1 ? -group : pid, signal);
  } catch {
    // ESRCH: it has just ended. EPERM: it is not ours to end, and will be told of as left.
  }
}
