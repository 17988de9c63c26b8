import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { Descriptors } from "./descriptors.ts";
import { descriptorLimit, lookAtMemory, memoryLimit, openDescriptors } from "./machine-state.ts";

const MIB = 2 ** 20;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-proc-"));
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** The files of a machine: 1 GiB in all, 600 MiB of them available, and what else is given. */
async function machine(files: Readonly<Record<string, string>>) {
  const all = {
    "proc/meminfo": "MemTotal:        1048576 kB\nMemFree:  1000 kB\nMemAvailable:     614400 kB\n",
    "proc/vmstat": "oom_kill_something 9\noom_kill 3\n",
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

describe("memory that is left", () => {
  it("is the machine's where no group allows less", async () => {
    await machine({ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.stat": "inactive_file 5\n" });
    expect(await lookAtMemory(root)).toEqual({ availableBytes: 600 * MIB, oomKills: 3 });
    expect(await memoryLimit(root)).toBe(1024 * MIB);
  });

  it("is that of the tightest group up to the root (version 2), without idle page cache", async () => {
    const service = "sys/fs/cgroup/system.slice/exstreamtv.service";
    await machine({
      "proc/self/cgroup": "0::/system.slice/exstreamtv.service\n",
      [`${service}/memory.max`]: "max\n",
      [`${service}/memory.high`]: `${500 * MIB}\n`,
      [`${service}/memory.current`]: `${450 * MIB}\n`,
      [`${service}/memory.stat`]: `anon 7\ninactive_file ${300 * MIB}\nfile 9\n`,
      [`${service}/memory.events`]: "low 0\noom 2\noom_kill 1\noom_group_kill 0\n",
      "sys/fs/cgroup/system.slice/memory.max": `${400 * MIB}\n`,
      "sys/fs/cgroup/system.slice/memory.current": `${380 * MIB}\n`,
      "sys/fs/cgroup/system.slice/memory.stat": `inactive_file ${200 * MIB}\n`,
    });
    expect(await lookAtMemory(root)).toEqual({ availableBytes: 220 * MIB, oomKills: 1 });
    expect(await memoryLimit(root)).toBe(400 * MIB);
  });

  it("is that of a group of version 1, in a container too, where the path is the host's", async () => {
    const memory = "sys/fs/cgroup/memory";
    await machine({
      "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/0123\n0::/\n",
      [`${memory}/memory.limit_in_bytes`]: `${256 * MIB}\n`,
      [`${memory}/memory.usage_in_bytes`]: `${200 * MIB}\n`,
      [`${memory}/memory.stat`]: `inactive_file 1\ntotal_inactive_file ${50 * MIB}\n`,
      [`${memory}/memory.oom_control`]: "oom_kill_disable 0\nunder_oom 0\noom_kill 6\n",
    });
    expect(await lookAtMemory(root)).toEqual({ availableBytes: 106 * MIB, oomKills: 6 });
    expect(await memoryLimit(root)).toBe(256 * MIB);
  });

  it("is not known where nobody tells", async () => {
    expect(await lookAtMemory(root)).toEqual({ availableBytes: undefined, oomKills: undefined });
    expect(await memoryLimit(root)).toBeUndefined();
    expect([await descriptorLimit(root), await openDescriptors(root)]).toEqual([undefined, undefined]);
  });
});

describe.skipIf(process.platform !== "linux")("this machine", () => {
  it("tells of itself", async () => {
    expect(availableParallelism()).toBeGreaterThan(0);
    const { availableBytes } = await lookAtMemory();
    expect(availableBytes).toBeGreaterThan(0);
    expect(availableBytes).toBeLessThanOrEqual(totalmem());
    expect(await memoryLimit()).toBeLessThanOrEqual(totalmem());
  });

  it("counts the descriptors that are opened, and reckons with those it is told of until it counts again", async () => {
    const clock = new ManualClock();
    const descriptors = await Descriptors.open(clock);
    const before = descriptors.left!;
    expect(descriptors.limit! - before).toBeGreaterThan(2);
    const files = await Promise.all(Array.from({ length: 40 }, () => open("/dev/null")));
    descriptors.setReserve(1_000);
    for (let opened = 0; opened < 40; opened++) descriptors.opened();
    expect(descriptors.left).toBe(before - 40);
    // Other tests of this process open and close some as well.
    const counted = (await descriptors.look())!;
    expect(Math.abs(before - 40 - counted)).toBeLessThan(20);
    for (const file of files) await file.close();
    expect(Math.abs((await descriptors.look())! - before)).toBeLessThan(20);
  });

  it.each([
    [10, "none"],
    [Number.POSITIVE_INFINITY, "grave"],
  ] as const)("with a reserve of %f the shortage is %s", async (reserve, shortage) => {
    const descriptors = await Descriptors.open(new ManualClock());
    descriptors.setReserve(reserve);
    expect(descriptors.shortage).toBe(shortage);
    descriptors.setReserve(descriptors.left! + 1);
    expect(descriptors.shortage).toBe("short");
  });
});
