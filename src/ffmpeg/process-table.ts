import { readdir, readFile } from "node:fs/promises";

/** A process as the kernel sees it; only Linux tells (`proc(5)`). */
export interface ProcessEntry {
  readonly pid: number;
  /** Process group and session. */
  readonly group: number;
  readonly session: number;
  /** Clock ticks from the machine's start to the process's: with the number it names one process, for ever. */
  readonly startTicks: number;
  /** Processor time that it has used, in ms. */
  readonly cpuMs: number;
  /** It has ended, and its parent has not asked yet. */
  readonly zombie: boolean;
  /** Name of its program, cut to 15 characters. */
  readonly name: string;
}

/** Length of the kernel's clock tick: USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;

/** True where this file can answer. */
export const hasProcessTable = process.platform === "linux";

/** Numbers of all processes that can be seen; none where there is no process table. */
export async function processIds(): Promise<number[]> {
  if (!hasProcessTable) return [];
  return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The process with this number; undefined when there is none. */
export async function readProcess(pid: number): Promise<ProcessEntry | undefined> {
  return parseStat(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""));
}

/** Reads `/proc/PID/stat`. The name stands in parentheses and may itself hold parentheses and blanks. */
export function parseStat(text: string): ProcessEntry | undefined {
  const match = /^(?<pid>\d+) \((?<name>.*)\) (?<rest>[^)]+)$/s.exec(text.trim())?.groups;
  if (!match) return undefined;
  const fields = match.rest!.split(" ");
  return {
    pid: Number(match.pid),
    name: match.name!,
    zombie: fields[0] === "Z" || fields[0] === "X",
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
  };
}

/**
 * The value that a variable had when the process started its program; undefined when it had none, is gone, or
 * belongs to somebody whose processes we may not look into.
 */
export async function variableOfProcess(pid: number, name: string): Promise<string | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  return environment
    .split("\0")
    .find((entry) => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
