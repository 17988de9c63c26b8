import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { benchFanOut } from "./fan-out.ts";
import { benchMux } from "./mux.ts";
import { benchRelease } from "./release.ts";
import { table } from "./result.ts";
import { benchTune } from "./tune.ts";

const smoke = process.argv.includes("--smoke");
const folder = fileURLToPath(new URL("results/", import.meta.url));
const figures = [
  ...benchMux(smoke),
  ...(await benchRelease(smoke)),
  ...(await benchFanOut(smoke)),
  ...(await benchTune(smoke)),
];
const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
await mkdir(folder, { recursive: true });
await writeFile(`${folder}latest.json`, `${JSON.stringify({ machine, smoke, figures }, undefined, 2)}\n`);
process.stdout.write(`${table(figures)}\n\nAs JSON: bench/results/latest.json\n`);
