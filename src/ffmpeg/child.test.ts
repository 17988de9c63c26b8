import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock, SystemClock } from "../base/clock.ts";
import { FfmpegChild, killAllNow, livingChildren } from "./child.ts";

const children: FfmpegChild[] = [];
let folder: string;

function run(script: string, options: { clock?: ManualClock; progress?: boolean } = {}): FfmpegChild {
  const child = new FfmpegChild({
    binary: "/bin/sh",
    args: ["-c", script],
    cwd: folder,
    clock: options.clock ?? new SystemClock(),
    progress: options.progress,
  });
  children.push(child);
  return child;
}

async function firstChunk(child: FfmpegChild): Promise<string> {
  for (;;) {
    const chunk: Buffer | null = child.stdout.read();
    if (chunk) return chunk.toString();
    await new Promise((resolve) => child.stdout.once("readable", resolve));
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-child-"));
});

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.killNow()));
  await rm(folder, { recursive: true });
});

describe("FfmpegChild", () => {
  test("delivers output, exit code and stderr", async () => {
    const child = run("printf hello; echo oops >&2; exit 3");
    const output = await child.stdout.toArray();
    expect(Buffer.concat(output).toString()).toBe("hello");
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(child.stderrTail).toEqual(["oops"]);
    expect(child.spawnError).toBeUndefined();
  });

  test("output that nobody has read yet survives the exit", async () => {
    const child = run("printf hello");
    await child.exited;
    expect(Buffer.concat(await child.stdout.toArray()).toString()).toBe("hello");
  });

  test("passes on no variable of the server but the harmless ones", async () => {
    process.env.EXSTREAMTV_TEST_SECRET = "secret";
    const child = run("env");
    delete process.env.EXSTREAMTV_TEST_SECRET;
    const output = Buffer.concat(await child.stdout.toArray()).toString();
    expect(output).not.toContain("secret");
    expect(output).toContain("LC_ALL=C\n");
    expect(output).toContain("PATH=");
  });

  test("a program that is not there gives a spawn error", async () => {
    const child = new FfmpegChild({ binary: join(folder, "nothing"), args: [], clock: new SystemClock() });
    expect(child.pid).toBeUndefined();
    expect(await child.kill()).toEqual({ code: null, signal: null });
    expect(child.spawnError).toMatchObject({ code: "ENOENT" });
    expect(livingChildren()).toEqual([]);
  });

  test("an argument that no program can take gives a spawn error", async () => {
    const child = run("echo \0");
    expect(await child.exited).toEqual({ code: null, signal: null });
    expect(child.spawnError).toBeInstanceOf(Error);
    expect(await child.stdout.toArray()).toEqual([]);
  });

  test("unread output holds the process back", async () => {
    const clock = new ManualClock();
    const child = run("echo start >&2; dd if=/dev/zero bs=65536 count=640 2>/dev/null; : > done", { clock });
    await expect.poll(() => child.stderrTail).toEqual(["start"]);
    // Nothing to wait for: the claim is that something does not happen while other processes run.
    await run("ls -R /usr/include | head -1000").stdout.toArray();
    expect(existsSync(join(folder, "done"))).toBe(false);
    let bytes = 0;
    for await (const chunk of child.stdout) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(640 * 65536);
    await child.exited;
    expect(existsSync(join(folder, "done"))).toBe(true);
  });

  test("keeps the last 64 lines of stderr, cut to 500 characters", async () => {
    const child = run(
      "i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done >&2; head -c 5000 /dev/zero | tr '\\0' x >&2",
    );
    await child.exited;
    expect(child.stderrTail).toHaveLength(64);
    expect(child.stderrTail[0]).toBe("line 37");
    expect(child.stderrTail[63]).toBe("x".repeat(500));
  });
});

describe("kill", () => {
  test("ends an obedient process with the first TERM and is idempotent", async () => {
    const child = run("exec sleep 1000", { clock: new ManualClock() });
    expect(livingChildren()).toContain(child.pid);
    const first = child.kill();
    expect(child.kill()).toBe(first);
    expect(await first).toEqual({ code: null, signal: "SIGTERM" });
    expect(child.stdout.destroyed).toBe(true);
    expect(livingChildren()).not.toContain(child.pid);
    expect(await child.killNow()).toEqual({ code: null, signal: "SIGTERM" });
  });

  test("climbs TERM, 2 s, TERM, 1 s, KILL", async () => {
    const clock = new ManualClock();
    const child = run("trap 'echo term >&2' TERM; echo ready; while :; do sleep 0.01; done", { clock });
    expect(await firstChunk(child)).toBe("ready\n");
    void child.kill();
    const terms = () => child.stderrTail.filter((line) => line === "term").length;
    await expect.poll(terms).toBe(1);
    await clock.advance(1999);
    expect(terms()).toBe(1);
    await clock.advance(1);
    await expect.poll(terms).toBe(2);
    await clock.advance(999);
    expect(alive(child.pid!)).toBe(true);
    await clock.advance(1);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
    expect(clock.pending).toBe(0);
  });

  test("reaches the whole process group", async () => {
    const child = run("sleep 1000 & echo $!; wait", { clock: new ManualClock() });
    expect(alive(Number(await firstChunk(child)))).toBe(true);
    // Time stands still, so this resolves only because the helper's ends of the pipes are closed, too.
    expect(await child.killNow()).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("killNow ends a stopped process", async () => {
    const child = run("exec sleep 1000", { clock: new ManualClock() });
    process.kill(child.pid!, "SIGSTOP");
    expect(await child.killNow()).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("killNow overtakes a kill that is waiting", async () => {
    const clock = new ManualClock();
    const child = run("trap '' TERM; echo ready; exec sleep 1000", { clock });
    await firstChunk(child);
    void child.kill();
    expect(await child.killNow()).toEqual({ code: null, signal: "SIGKILL" });
    expect(clock.pending).toBe(0);
  });

  test("never signals after the exit was seen", async () => {
    const clock = new ManualClock();
    const child = run("sleep 1000 & echo $!", { clock });
    const helper = Number(await firstChunk(child));
    // The helper keeps the pipes open: the exit is seen, `exited` still waits for its grace.
    await expect.poll(() => livingChildren()).not.toContain(child.pid);
    let settled = false;
    void child.exited.then(() => {
      settled = true;
    });
    await clock.advance(999);
    expect(settled).toBe(false);
    const killed = child.killNow();
    expect(alive(helper)).toBe(true);
    await clock.advance(1);
    expect(await killed).toEqual({ code: 0, signal: null });
    process.kill(helper, "SIGKILL");
  });

  test("killAllNow ends every living child", async () => {
    const all = [run("exec sleep 1000"), run("exec sleep 1000")];
    killAllNow();
    for (const child of all) expect((await child.exited).signal).toBe("SIGKILL");
    expect(livingChildren()).toEqual([]);
  });

  test("disposal kills", async () => {
    let exited: Promise<unknown>;
    {
      await using child = run("exec sleep 1000");
      exited = child.exited;
    }
    expect(await exited).toEqual({ code: null, signal: "SIGTERM" });
  });
});

describe("progress", () => {
  test("reads what ffmpeg reports", async () => {
    const child = new FfmpegChild({
      binary: "ffmpeg",
      args: [
        ...["-v", "error", "-progress", "pipe:3", "-f", "lavfi", "-i", "color=s=64x64:r=10:d=2"],
        ...["-f", "rawvideo", "pipe:1"],
      ],
      clock: new SystemClock(),
      progress: true,
    });
    children.push(child);
    const before = child.progress.advancedAtMs;
    for await (const _ of child.stdout);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.progress).toMatchObject({ outTimeUs: 2_000_000, frame: 20 });
    expect(child.progress.advancedAtMs).toBeGreaterThan(before);
  });
});
