import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { childEnvironment, OWNER_VARIABLE } from "./environment.ts";
import { ownerMark, reapOrphans } from "./orphans.ts";
import { hasProcessTable, parseStat, readProcess, variableOfProcess } from "./process-table.ts";

const clock = new SystemClock();
const FOLDER = "11111111-1111-4111-8111-111111111111";
const OTHER_FOLDER = "22222222-2222-4222-8222-222222222222";
/** No process has this number: Linux counts to 2^22 at most. */
const DEAD_SERVER = `${FOLDER}:99999999:1`;

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // Gone already.
    }
  }
});

/** Starts a shell script as the server starts its children; resolves when it has said `ready`. */
async function start(script: string, mark?: string, ready = "up"): Promise<ChildProcess> {
  const env = childEnvironment(process.env, mark);
  const child = spawn("sh", ["-c", `echo up; ${script}`], {
    ...{ env, detached: true },
    stdio: ["ignore", "pipe", "ignore"],
  });
  started.push(child);
  let said = "";
  while (!said.includes(ready)) said += String((await once(child.stdout!, "data"))[0]);
  return child;
}

const isUp = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

describe("the process table", () => {
  it("reads names with blanks and parentheses", () => {
    const stat = `12 (a) b (c)) S 1 10 11 ${Array.from({ length: 20 }, (_, field) => 100 + field).join(" ")}`;
    expect(parseStat(stat)).toEqual({
      ...{ pid: 12, name: "a) b (c)", zombie: false, group: 10, session: 11, startTicks: 115, cpuMs: 2150 },
    });
    expect(parseStat("")).toBeUndefined();
  });

  it.runIf(hasProcessTable)("knows processes, and the variables that they were started with", async () => {
    const child = await start("exec sleep 60", "mark");
    expect(await readProcess(child.pid!)).toMatchObject({ pid: child.pid, group: child.pid, zombie: false });
    expect(await variableOfProcess(child.pid!, OWNER_VARIABLE)).toBe("mark");
    expect(await variableOfProcess(child.pid!, "EXSTREAMTV_OWN")).toBeUndefined();
    expect(await readProcess(99_999_999)).toBeUndefined();
  });
});

describe.runIf(hasProcessTable)("reaping", () => {
  it("ends what a dead server of this folder left, and nothing else", async () => {
    const orphan = await start("exec sleep 60", DEAD_SERVER);
    const ended = once(orphan, "exit");
    const innocent = [
      await start("exec sleep 60"),
      await start("exec sleep 60", DEAD_SERVER.replace(FOLDER, OTHER_FOLDER)),
      await start("exec sleep 60", await ownerMark(FOLDER)),
      await start("exec sleep 60", FOLDER),
    ];
    expect(await reapOrphans(FOLDER, clock)).toEqual([
      { pid: orphan.pid, name: "sleep", serverPid: 99_999_999, outcome: "terminated" },
    ]);
    expect((await ended)[1]).toBe("SIGTERM");
    expect(innocent.map(isUp)).toEqual([true, true, true, true]);
    expect(await reapOrphans(FOLDER, clock)).toEqual([]);
  });

  it("takes a process number that belongs to somebody else by now for a dead server", async () => {
    const mark = `${FOLDER}:${process.pid}:1`;
    const orphan = await start("exec sleep 60", mark);
    expect(await reapOrphans(FOLDER, clock)).toMatchObject([{ pid: orphan.pid, serverPid: process.pid }]);
  });

  it("kills a whole group that does not listen, also when its leader is gone", async () => {
    // The first shell ends at once; what it started ignores TERM and hangs on to another process.
    const leader = await start("(trap '' TERM; echo deaf; sleep 61; sleep 62) & exit", DEAD_SERVER, "deaf");
    if (isUp(leader)) await once(leader, "exit");
    const orphans = await reapOrphans(FOLDER, clock);
    expect(orphans.length).toBeGreaterThanOrEqual(1);
    expect(new Set(orphans.map(({ outcome }) => outcome))).toEqual(new Set(["killed"]));
    for (const { pid } of orphans) expect((await readProcess(pid))?.zombie ?? true, `${pid}`).toBe(true);
  });
});
