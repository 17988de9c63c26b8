#!/usr/bin/env node
// Starts the server under a Node.js that can run it. This file itself is read by whatever `node` the machine
// has, so it keeps to what Node.js 14 understands.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED_MAJOR = 24;
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
/** Set for the process started below, so that a pinned Node.js that is itself too old cannot start another. */
const RELAUNCHED = "EXSTREAMTV_RELAUNCHED";

const script = fileURLToPath(import.meta.url);
const root = join(dirname(script), "..");
const checkout = existsSync(join(root, "src"));
// A checkout runs its sources; Node.js does not take types in packages, which therefore bring what was built.
const main = checkout ? join(root, "src", "main.ts") : join(root, "dist", "main.js");
// An installed package lies among the packages that it needs, unless one of them has to be its own.
const own = join(root, "node_modules");
const packages = checkout || existsSync(join(own, "node")) ? own : dirname(root);
const pinned = join(packages, "node", "bin", "node");
const remedy = checkout ? `bash ${join(root, "scripts", "setup.sh")}` : "npm install exstreamtv";
const major = Number(process.versions.node.split(".")[0]);

function fail(problem) {
  process.stderr.write(`\n  ${problem}\n  Run this once, then try again:  ${remedy}\n\n`);
  process.exit(1);
}

function runHere() {
  delete process.env[RELAUNCHED];
  import(pathToFileURL(main).href).catch((error) => {
    if (error.code === "ERR_MODULE_NOT_FOUND" && /package/.test(error.message)) {
      fail(`A package that EXStreamTV needs is missing (${error.message}).`);
    }
    throw error;
  });
}

function runPinned() {
  const child = spawn(pinned, [script, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, [RELAUNCHED]: "1" },
  });
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  child.on("error", (error) =>
    fail(`The Node.js at ${pinned} does not run on this machine (${error.message}).`),
  );
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    // Ends as the server did; the number is for the rare signal that does not end this process.
    for (const forwarded of FORWARDED_SIGNALS) process.removeListener(forwarded, forward);
    process.exitCode = 1;
    process.kill(process.pid, signal);
  });
}

if (!existsSync(packages)) {
  fail(`The packages that EXStreamTV needs are not installed yet (there is no ${packages}).`);
} else if (major >= NEEDED_MAJOR) {
  runHere();
} else if (process.env[RELAUNCHED]) {
  fail(`The Node.js at ${pinned} is ${process.versions.node}; EXStreamTV needs ${NEEDED_MAJOR} or newer.`);
} else if (!existsSync(pinned)) {
  fail(
    `EXStreamTV needs Node.js ${NEEDED_MAJOR} or newer. This is ${process.versions.node}, and there is none at ${pinned}.`,
  );
} else {
  runPinned();
}
