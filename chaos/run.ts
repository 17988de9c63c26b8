import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { runCampaign } from "./campaign.ts";
import { FAULTS } from "./faults/catalogue.ts";
import { hasPassed, table } from "./report.ts";
import { RESULTS } from "./try-fault.ts";

const { values } = parseArgs({
  options: {
    faults: { type: "string" },
    seed: { type: "string" },
    minutes: { type: "string", default: "10" },
  },
});
const wanted = values.faults?.split(",");
const unknown = wanted?.filter((id) => !FAULTS.some((fault) => fault.id === id)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(
    `There is no fault ${unknown.join(", ")}; there are ${FAULTS.map(({ id }) => id).join(", ")}.\n`,
  );
  process.exit(2);
}
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
process.stdout.write(`seed ${seed}\n`);
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}
const report = await runCampaign({
  signal: interrupt.signal,
  faults: FAULTS.filter(({ id }) => wanted?.includes(id) ?? true),
  seed,
  lastingMs: Number(values.minutes) * 60_000,
  onResult: ({ id, title, outcome, complaints, notes }) => {
    process.stdout.write(`${id} ${title}: ${outcome}\n`);
    for (const line of [...complaints, ...notes]) process.stdout.write(`    ${line}\n`);
  },
}).catch((error: unknown) => {
  process.stderr.write(`${error}\n`);
  process.exit(1);
});
await writeFile(`${RESULTS}latest.json`, `${JSON.stringify(report, undefined, 2)}\n`);
process.stdout.write(`\n${table(report)}\n\nAs JSON: chaos/results/latest.json\n`);
process.exitCode = hasPassed(report) ? 0 : 1;
