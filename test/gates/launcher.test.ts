import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ROOT } from "./source.ts";

// Each test starts a few processes, perhaps on a machine that is busy with encoders.
vi.setConfig({ testTimeout: 60_000 });

const NODE = path.join(ROOT, "node_modules/node/bin/node");
const BIN = path.join(ROOT, "bin");
const FILES = readdirSync(BIN);

/** A Node.js as the launcher may meet it: a command, and what its first arguments must be. */
type Runtime = readonly [command: string, ...args: string[]];

/** The pinned Node.js, saying that it is an old one: not handed on to the process that it starts. */
const PRETENDED: Runtime = [
  NODE,
  "--import",
  'data:text/javascript,Object.defineProperty(process.versions, "node", { value: "20.0.0" })',
];

/** The programs called `node` on PATH that packages did not bring, from 14 on but too old for the server. */
function oldNodes(): string[] {
  const folders = (process.env.PATH ?? "")
    .split(path.delimiter)
    .filter((each) => !each.includes("node_modules"));
  const nodes = folders.map((folder) => path.join(folder, "node")).filter((node) => existsSync(node));
  return [...new Set(nodes.map((node) => realpathSync(node)))].filter((node) => {
    const major = Number(/^v(\d+)/.exec(spawnSync(node, ["-v"], { encoding: "utf8" }).stdout ?? "")?.[1]);
    return major >= 14 && major < 24;
  });
}

const OLD: readonly { name: string; runtime: Runtime }[] = [
  { name: "pretended", runtime: PRETENDED },
  ...oldNodes().map((node) => ({ name: node, runtime: [node] as const })),
];

/** Stands in for the server: TypeScript, so that only a Node.js that strips types can run it. */
const MAIN = `
const [verb, ...rest]: string[] = process.argv.slice(2);
const major = Number(process.versions.node.split(".")[0]);
if (verb === "report") {
  const isBelow = process.connected ?? false;
  const flags = isBelow ? process.execArgv : undefined;
  const { EXSTREAMTV_RELAUNCHED: relaunched } = process.env;
  console.log(JSON.stringify({ major, rest, flags, isBelow, relaunched, pid: isBelow ? undefined : process.pid }));
}
if (verb === "exit") process.exit(Number(rest[0]));
if (verb === "die") process.kill(process.pid, rest[0]);
if (verb === "wait") {
  for (const [name, code] of [["SIGINT", 11], ["SIGTERM", 12], ["SIGHUP", 13]] as const) {
    process.on(name, () => process.exit(code));
  }
  console.log("ready");
}
if (verb === "wait" || verb === "die") setInterval(() => {}, 1000);
`;

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "exstreamtv-launcher-"));
  put("package.json", '{ "type": "module" }');
  mkdirSync(path.join(root, "bin"));
  for (const file of FILES) copyFileSync(path.join(BIN, file), path.join(root, "bin", file));
  put("src/main.ts", MAIN);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), text);
}

/** Puts a Node.js where the package `node` has it. */
function pin(node: string): void {
  mkdirSync(path.join(root, "node_modules/node/bin"), { recursive: true });
  symlinkSync(node, path.join(root, "node_modules/node/bin/node"));
}

function launch([command, ...before]: Runtime, args: string[], env: Record<string, string> = {}) {
  const child = spawn(command, [...before, path.join(root, "bin/exstreamtv.js"), ...args], {
    env: { ...process.env, NODE_OPTIONS: "", ...env },
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...said }));
  return { child, ended };
}

describe("under a Node.js that suffices", () => {
  test("runs the server under that, with its arguments and flags", async () => {
    mkdirSync(path.join(root, "node_modules"));
    const { code, stdout } = await launch([NODE, "--max-old-space-size=99"], ["report", "a b", "--c"]).ended;
    expect(JSON.parse(stdout)).toEqual({
      ...{ major: 24, rest: ["a b", "--c"], flags: ["--max-old-space-size=99"], isBelow: true },
    });
    expect(code).toBe(0);
  });

  test.each([
    ["--no-supervisor", [NODE], ["report", "--no-supervisor"], {}],
    ["its variable", [NODE], ["report"], { EXSTREAMTV_NO_SUPERVISOR: "1" }],
    ["a debugger", [NODE, "--inspect=127.0.0.1:0"], ["report"], {}],
  ] as const)("runs it in the same process with %s", async (_, runtime, args, env) => {
    mkdirSync(path.join(root, "node_modules"));
    const { child, ended } = launch(runtime, [...args], env);
    const { stdout } = await ended;
    expect(JSON.parse(stdout)).toMatchObject({ major: 24, isBelow: false, pid: child.pid });
  });

  test("keeps what it has compiled beside the packages, so that the next start is quicker", async () => {
    mkdirSync(path.join(root, "node_modules"));
    expect((await launch([NODE], ["exit", "0"]).ended).code).toBe(0);
    expect(existsSync(path.join(root, "node_modules/.cache/exstreamtv"))).toBe(true);
  });

  test("without packages says so, and what to run", async () => {
    const { code, stdout, stderr } = await launch([NODE], ["report"]).ended;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("not installed yet");
    expect(stderr).toContain(`bash ${path.join(root, "scripts/setup.sh")}`);
  });

  test("with one package missing says which, and what to run", async () => {
    mkdirSync(path.join(root, "node_modules"));
    put("src/main.ts", 'import "some-package";');
    const { code, stderr } = await launch([NODE], []).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/some-package[\s\S]*setup\.sh/);
  });

  test("lets a fault of the server itself be seen", async () => {
    mkdirSync(path.join(root, "node_modules"));
    put("src/main.ts", 'throw new Error("boom");');
    const { code, stderr } = await launch([NODE], []).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/Error: boom\n +at .*main\.ts/);
  });
});

describe.each(OLD)("under an older one ($name)", ({ runtime }) => {
  test("runs the server under the pinned one, with its arguments", async () => {
    pin(NODE);
    const { code, stdout } = await launch(runtime, ["report", "a b", "--c"]).ended;
    expect(JSON.parse(stdout)).toEqual({ major: 24, rest: ["a b", "--c"], flags: [], isBelow: true });
    expect(code).toBe(0);
  });

  test("ends with the server's exit code, or by its signal", async () => {
    pin(NODE);
    expect(await launch(runtime, ["exit", "42"]).ended).toMatchObject({ code: 42, signal: null });
    expect(await launch(runtime, ["die", "SIGTERM"]).ended).toMatchObject({ code: null, signal: "SIGTERM" });
    expect(await launch(runtime, ["die", "SIGKILL"]).ended).toMatchObject({ code: null, signal: "SIGKILL" });
  });

  test.each([
    ["SIGINT", 11],
    ["SIGTERM", 12],
    ["SIGHUP", 13],
  ] as const)("hands on %s", async (signal, code) => {
    pin(NODE);
    const { child, ended } = launch(runtime, ["wait"]);
    await once(child.stdout, "data");
    child.kill(signal);
    expect(await ended).toMatchObject({ code, signal: null });
  });

  test("without packages, or without the pinned one, says what is missing and what to run", async () => {
    const bare = await launch(runtime, []).ended;
    mkdirSync(path.join(root, "node_modules"));
    const unpinned = await launch(runtime, []).ended;
    expect(bare).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/not installed yet[\s\S]*setup\.sh/),
    });
    expect(unpinned).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/needs Node\.js 24[\s\S]*setup\.sh/),
    });
  });

  test("a pinned one that is too old does not start another", async () => {
    pin(NODE);
    const { code, stderr } = await launch(runtime, [], { EXSTREAMTV_RELAUNCHED: "1" }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/EXStreamTV needs 24 or newer[\s\S]*setup\.sh/);
  });

  test("a pinned one that cannot be executed is named", async () => {
    put("node_modules/node/bin/node", "");
    const { code, stderr } = await launch(runtime, []).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/does not run on this machine[\s\S]*setup\.sh/);
  });

  test("can read the launcher", () => {
    for (const file of FILES) execFileSync(runtime[0], ["--check", path.join(BIN, file)]);
  });
});
