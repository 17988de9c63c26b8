#!/usr/bin/env node
// Starts the server under a Node.js that can run it. This file itself is read by whatever `node` the machine
// has, so it keeps to what Node.js 14 understands.
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { supervise } from "./supervisor.js";

const NEEDED_MAJOR = 24;
/** Set for the process started below, so that a pinned Node.js that is itself too old cannot start another. */
const RELAUNCHED = "EXSTREAMTV_RELAUNCHED";
/** Set by people, as `--no-supervisor` is. */
const UNSUPERVISED = "EXSTREAMTV_NO_SUPERVISOR";

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
  // A server that is started again reads its code as it was compiled before: kept beside the code, not in /tmp,
  // where others could write. Where that cannot be written, it goes without.
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache(join(packages, ".cache", "exstreamtv"));
  import(pathToFileURL(main).href).catch((error) => {
    if (error.code === "ERR_MODULE_NOT_FOUND" && /package/.test(error.message)) {
      fail(`A package that EXStreamTV needs is missing (${error.message}).`);
    }
    throw error;
  });
}

/** Under the given Node.js, with a supervisor over it that starts a server again. */
function runBelow(node) {
  // What was said to this Node.js is meant for the server, unless that runs under another one.
  const flags = node === process.execPath ? process.execArgv : [];
  supervise({
    command: node,
    args: [...flags, script, ...process.argv.slice(2)],
    env: { ...process.env, [RELAUNCHED]: "1" },
    onUnstartable: (error) => fail(`The Node.js at ${node} does not run on this machine (${error.message}).`),
  });
}

/** A debugger looks at one process, and whoever has a supervisor of their own may not want ours. */
function wantsOneProcess() {
  return (
    process.argv.includes("--no-supervisor") ||
    Boolean(process.env[UNSUPERVISED]) ||
    process.execArgv.some((flag) => /^--inspect(-brk|-wait)?(=|$)/.test(flag))
  );
}

if (!existsSync(packages)) {
  fail(`The packages that EXStreamTV needs are not installed yet (there is no ${packages}).`);
} else if (major >= NEEDED_MAJOR && (process.env[RELAUNCHED] || wantsOneProcess())) {
  runHere();
} else if (major >= NEEDED_MAJOR) {
  runBelow(process.execPath);
} else if (process.env[RELAUNCHED]) {
  fail(`The Node.js at ${pinned} is ${process.versions.node}; EXStreamTV needs ${NEEDED_MAJOR} or newer.`);
} else if (!existsSync(pinned)) {
  fail(
    `EXStreamTV needs Node.js ${NEEDED_MAJOR} or newer. This is ${process.versions.node}, and there is none at ${pinned}.`,
  );
} else {
  runBelow(pinned);
}
