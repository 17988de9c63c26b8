import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { run, runOrThrow } from "../../support/process.ts";

// A length of sleep that nobody else on the machine asks for.
const NAP = "86399.25";
const PARENT = `require("node:child_process").spawn("sleep", ["${NAP}"], { stdio: "inherit" })`;

async function nappers(): Promise<number> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return commands.filter((command) => command === `sleep\0${NAP}\0`).length;
}

it("stops the whole process group when the time is over", async () => {
  const result = await run(process.execPath, ["-e", PARENT], { seconds: 1 });
  expect(result).toMatchObject({ timedOut: true, status: null, signal: "SIGTERM" });
  await expect.poll(nappers).toBe(0);
});

it("does not wait for what a program leaves behind, and ends it", async () => {
  const args = ["-e", `${PARENT}.unref(); process.exitCode = 3; console.log("said")`];
  const result = await run(process.execPath, args, { seconds: 20 });
  expect(result).toMatchObject({ timedOut: false, status: 3, stdout: "said\n" });
  await expect.poll(nappers).toBe(0);
});

it("rejects with the program's own words", async () => {
  const failing = runOrThrow(process.execPath, ["-e", "throw new Error('own words')"], { seconds: 20 });
  await expect(failing).rejects.toThrow(/status 1[\s\S]*own words/);
  await expect(run("no-such-program", [], { seconds: 1 })).rejects.toThrow("ENOENT");
});
