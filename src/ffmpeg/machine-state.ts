import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { MachineState } from "./reserves.ts";

/** Control groups between the root and a process that are looked at. */
const MAX_DEPTH = 20;

/** Memory as one control group counts it. */
interface GroupMemory {
  readonly leftBytes: number;
  readonly oomKills: number | undefined;
}

/**
 * How much memory is left to this process: the machine's, and where a control group (a container's, a service's)
 * allows less, that. Only Linux tells; elsewhere nothing is known. `root` is the file system's, for tests.
 */
export async function lookAtMemory(root = "/"): Promise<MachineState> {
  const [meminfo, vmstat, groups] = await Promise.all([
    text(join(root, "proc/meminfo")),
    text(join(root, "proc/vmstat")),
    groupMemories(root),
  ]);
  const free = field(meminfo, "MemAvailable:");
  const lefts = groups.map(({ leftBytes }) => leftBytes);
  if (free !== undefined) lefts.push(free * 1024);
  const least = Math.min(...lefts);
  const availableBytes = Number.isFinite(least) ? least : undefined;
  // What the own group knows is about our own processes; the machine's count is about everybody's.
  const oomKills = groups[0]?.oomKills ?? field(vmstat, "oom_kill");
  return { availableBytes, oomKills };
}

/** All the memory that this process and its children may ever use, in bytes; undefined where nobody tells. */
export async function memoryLimit(root = "/"): Promise<number | undefined> {
  const total = field(await text(join(root, "proc/meminfo")), "MemTotal:");
  const limits = (await groupFolders(root)).map(async ({ folder, version }) => limitOf(folder, version));
  const bytes = (await Promise.all(limits)).concat(total === undefined ? [] : total * 1024);
  const least = Math.min(...bytes);
  return Number.isFinite(least) ? least : undefined;
}

interface GroupFolder {
  readonly folder: string;
  readonly version: 1 | 2;
}

/** The control groups that hold this process, the innermost first (cgroups(7)). */
async function groupFolders(root: string): Promise<GroupFolder[]> {
  const lines = (await text(join(root, "proc/self/cgroup"))).split("\n");
  for (const line of lines) {
    const [, hierarchy, controllers, path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    const version = hierarchy === "0" ? 2 : 1;
    if (path === undefined || (version === 1 && !controllers?.split(",").includes("memory"))) continue;
    const mount = join(root, version === 2 ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
    const probe = version === 2 ? "memory.stat" : "memory.limit_in_bytes";
    const folders: GroupFolder[] = [];
    // In a container the path may be the host's, and the mount shows the container's group as its root.
    const parts = path.split("/").filter((part) => part !== "" && part !== "..");
    for (let depth = Math.min(parts.length, MAX_DEPTH); depth >= 0; depth--) {
      const folder = join(mount, ...parts.slice(0, depth));
      if ((await text(join(folder, probe))) !== "") folders.push({ folder, version });
    }
    if (folders.length > 0) return folders;
  }
  return [];
}

async function groupMemories(root: string): Promise<GroupMemory[]> {
  const memories = (await groupFolders(root)).map(async ({ folder, version }): Promise<GroupMemory> => {
    const [usageName, eventsName] =
      version === 2 ? ["memory.current", "memory.events"] : ["memory.usage_in_bytes", "memory.oom_control"];
    const [limit, usage, statistics, events] = await Promise.all([
      limitOf(folder, version),
      text(join(folder, usageName)),
      text(join(folder, "memory.stat")),
      text(join(folder, eventsName)),
    ]);
    // Pages of files that nobody uses at present are given back as soon as somebody needs memory.
    const idle = field(statistics, version === 2 ? "inactive_file" : "total_inactive_file") ?? 0;
    const used = Math.max(0, (Number.parseInt(usage, 10) || 0) - idle);
    return { leftBytes: Math.max(0, limit - used), oomKills: field(events, "oom_kill") };
  });
  return Promise.all(memories);
}

/** Bytes that a group may use; infinite without a limit. Beyond `memory.high` its processes are held up. */
async function limitOf(folder: string, version: 1 | 2): Promise<number> {
  const names = version === 2 ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"];
  const limits = names.map(async (name) => Number.parseInt(await text(join(folder, name)), 10));
  const bytes = (await Promise.all(limits)).filter((each) => !Number.isNaN(each) && each < UNLIMITED_BYTES);
  return Math.min(...bytes, Number.POSITIVE_INFINITY);
}

/** Version 1 says "no limit" as the largest number of pages. */
const UNLIMITED_BYTES = 2 ** 60;

/** Most file descriptors that this process may have open; undefined where nobody tells or there is no bound. */
export async function descriptorLimit(root = "/"): Promise<number | undefined> {
  return field(await text(join(root, "proc/self/limits")), "Max open files");
}

/** How many it has open; undefined where nobody tells, infinite when there is none left to ask with. */
export async function openDescriptors(root = "/"): Promise<number | undefined> {
  const folder = join(root, "proc/self/fd");
  try {
    // Since Linux 6.2 the size is their number, and costs nothing; before, it is 0 and they are counted.
    const { size } = await stat(folder);
    return size > 0 && root === "/" ? size : (await readdir(folder)).length;
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    return code === "EMFILE" || code === "ENFILE" ? Number.POSITIVE_INFINITY : undefined;
  }
}

/** The number behind a name at the start of a line. */
function field(content: string, name: string): number | undefined {
  const line = content
    .split("\n")
    .find((each) => each.startsWith(name) && /^\s/.test(each.slice(name.length)));
  const number = Number.parseInt(line?.slice(name.length) ?? "", 10);
  return Number.isNaN(number) ? undefined : number;
}

async function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
