import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { benchFanOut } from "./fan-out.ts";
import { benchMux } from "./mux.ts";
import { benchPlainScreen } from "./plain-screen.ts";
import { benchRelease } from "./release.ts";
import { benchRestart } from "./restart.ts";
import { table } from "./result.ts";
import { benchScreens } from "./screens.ts";
import { benchSelfMeasurement } from "./self-measurement.ts";
import { benchTune } from "./tune.ts";

const smoke = process.argv.includes("--smoke");
const folder = fileURLToPath(new URL("results/", import.meta.url));
const figures = [
  ...benchMux(smoke),
  ...benchSelfMeasurement(smoke),
  ...(await benchRelease(smoke)),
  ...benchPlainScreen(smoke),
  ...(await benchFanOut(smoke)),
  ...(await benchTune(smoke)),
  ...(await benchScreens(smoke)),
  ...(await benchRestart(smoke)),
];
const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
await mkdir(folder, { recursive: true });
await writeFile(`${folder}latest.json`, `${JSON.stringify({ machine, smoke, figures }, undefined, 2)}\n`);
process.stdout.write(`${table(figures)}\n\nAs JSON: bench/results/latest.json\n`);
