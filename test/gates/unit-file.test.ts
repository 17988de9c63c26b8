import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./source.ts";

const UNIT = readFileSync(path.join(ROOT, "deploy/exstreamtv.service"), "utf8");
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

test.runIf(hasSystemd)("systemd has nothing to say against the unit file", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "exstreamtv-unit-"));
  try {
    const file = path.join(folder, "exstreamtv.service");
    // Only the place of the program is not that of an installation.
    const node = path.join(ROOT, "node_modules/node/bin/node");
    writeFileSync(file, UNIT.replace(/^ExecStart=\S+/m, `ExecStart=${node}`));
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
    const about = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("exstreamtv"));
    expect([status, about]).toEqual([0, []]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
