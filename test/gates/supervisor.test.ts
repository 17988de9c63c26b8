import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ROOT } from "./source.ts";

// Small programs in place of the server, under the real launcher and supervisor.
vi.setConfig({ testTimeout: 60_000 });

const NODE = path.join(ROOT, "node_modules/node/bin/node");
const BIN = path.join(ROOT, "bin");

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "exstreamtv-supervisor-"));
  mkdirSync(path.join(root, "bin"));
  mkdirSync(path.join(root, "node_modules"));
  mkdirSync(path.join(root, "src"));
  writeFileSync(path.join(root, "package.json"), '{ "type": "module" }');
  for (const file of readdirSync(BIN)) copyFileSync(path.join(BIN, file), path.join(root, "bin", file));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs `main` as the server: it has `run` (how often it was started before), `lastEnd` and `say`. */
function launch(main: string, policy: object = {}) {
  const holds = JSON.stringify({ hangMs: 30_000, maxRestarts: 3, windowMs: 60_000, ...policy });
  writeFileSync(
    path.join(root, "src/main.ts"),
    `const run = Number(process.env.EXSTREAMTV_RESTARTS);
     const lastEnd = process.env.EXSTREAMTV_LAST_END;
     const say = (type: string) => process.send!({ type, policy: ${holds} });
     console.log(\`run \${run} after "\${lastEnd}"\`);
     setInterval(() => {}, 1000);
     process.on("disconnect", () => { console.log("alone"); process.exit(0); });
     ${main}`,
  );
  const child = spawn(NODE, [path.join(root, "bin/exstreamtv.js")], {
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...said }));
  return { child, said, ended };
}

async function says(child: ChildProcess, said: { stdout: string }, text: string): Promise<void> {
  while (!said.stdout.includes(text)) await once(child.stdout!, "data");
}

test("a server that ends unasked is started again, and told how often and why", async () => {
  const { said, ended } = launch(`say("serving");
    if (run === 0) process.kill(process.pid, "SIGSEGV");
    if (run === 1) setTimeout(() => process.exit(7), 20);
    if (run === 2) setTimeout(() => process.exit(0), 20);`);
  expect(await ended).toMatchObject({ code: 0, signal: null });
  expect(said.stdout).toBe('run 0 after ""\nrun 1 after "SIGSEGV"\nrun 2 after "status 7"\n');
  const told = said.stderr.trim().split("\n");
  expect(told.map((line) => (JSON.parse(line) as { how: string }).how)).toEqual(["SIGSEGV", "status 7"]);
});

test("one that keeps ending is given up, with a word of why and a status of failure", async () => {
  const { said, ended } = launch('say("serving"); setTimeout(() => process.exit(9), 20);', {
    maxRestarts: 2,
  });
  expect(await ended).toMatchObject({ code: 1, signal: null });
  expect(said.stdout.match(/run/g)).toHaveLength(3);
  expect(said.stderr).toMatch(/status 9.*after 2 restarts within 60 s: it is not started any more/);
});

test("one that falls silent is killed and started again", async () => {
  const { said, ended } = launch(
    `say("serving");
     if (run === 0) setTimeout(() => { for (;;); }, 50);
     if (run === 1) setTimeout(() => process.exit(0), 20);`,
    { hangMs: 2000 },
  );
  expect(await ended).toMatchObject({ code: 0 });
  expect(said.stdout).toContain('run 1 after "hung"');
  expect(said.stderr).toContain("the server hangs");
});

test("one that goes on speaking is left alone", async () => {
  const { said, ended } = launch(
    `say("serving"); setInterval(() => say("beat"), 500); setTimeout(() => process.exit(0), 3500);`,
    { hangMs: 2000 },
  );
  expect(await ended).toMatchObject({ code: 0, stderr: "" });
  expect(said.stdout).toBe('run 0 after ""\n');
});

test("a signal while it waits to be started again ends everything", async () => {
  const { child, said, ended } = launch('say("serving"); setTimeout(() => process.exit(9), 20);');
  while (!said.stderr.includes("started again in")) await once(child.stderr, "data");
  child.kill("SIGTERM");
  const { code, signal, stdout } = await ended;
  // The wait may have been over: then the server, which has no handler, was ended by the signal.
  expect([code, signal]).toEqual([null, "SIGTERM"]);
  expect(stdout.match(/run/g)!.length).toBeLessThanOrEqual(2);
});

test("a supervisor that is killed is noticed by the server", async () => {
  const { child, said } = launch('say("serving"); console.log("on");');
  await says(child, said, "on");
  child.kill("SIGKILL");
  await says(child, said, "alone");
});
