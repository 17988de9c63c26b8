import path from "node:path";
import { expect, test } from "vitest";
import { courseOf } from "../../src/channels/restart-ladders.ts";
import type { FailureRow, Remedy, Retry } from "../../src/ffmpeg/failure-row.ts";
import { FAILURE_ROWS } from "../../src/ffmpeg/failures.ts";
import { ROOT } from "./source.ts";

const HEAD = `# Failures of ffmpeg

What ffmpeg says when something goes wrong, what it means, and what the server does about it. The list is data in \`src/ffmpeg/\`; this page is written by \`npx vitest run --project unit test/gates/failures-doc.test.ts -u\` and a test fails when the two differ. The class stands in the log (\`class\`), in what \`exstreamtv why FILE\` says, and never changes.

A channel climbs a ladder for each source of a programme: *the same place again*, *a safer run* (in software, without subtitles, with new timestamps, decoding in one thread, with longer queues), *another source* of the same programme, *over the bad spot*. Which steps a class takes stands beside it as *On air*. What ends with “now and then” is looked at again as long as the programme's time lasts, after 1 to 16 seconds (a server that asks for patience: minutes), and is back on air by itself, where the schedule is by then; an error screen is shown meanwhile. All waits have full jitter, so that channels that failed together do not come back together. Encoders that deliver but die more than five times a minute are made safer, then replaced by another source. On demand the end of the ladder is the end.

A file or address that cannot be opened five times in a row, over ten seconds or more, is left alone by all channels: one attempt at a time is made, 1 to 16 seconds apart, and the first that gets something frees it for all. Damage at a place in a file does not count, and the beginning of an airing is always tried.

When several lines match, the most telling one names the failure: a cause (such as a full disk) before what follows from it, a foreign signal before what was said about the file, damage before its symptoms. Lines that no row knows are counted in \`unmatched-lines.json\` in the data folder, without paths, addresses and numbers; please send it when you report a problem.
`;

/** The same place again, as the row says. */
function againOf(retry: Retry): string | undefined {
  switch (retry.kind) {
    case "usual":
      return "the same place at once, then with patience";
    case "step_over":
      return "the same place at once";
    case "backoff": {
      const { attempts, backoff } = retry;
      const waits =
        attempts === 1 ? `within ${backoff.capMs / 1000} s` : `waits up to ${backoff.capMs / 1000} s`;
      return `the same place ${attempts === 1 ? "once" : `${attempts} times`}, ${waits}`;
    }
    case "never":
      return undefined;
  }
}

/** The steps of a channel, in their order. */
function stepsOf(remedy: Remedy): string {
  const { elsewhere, safe, lasts, isSuspect } = courseOf(remedy);
  const isSteppedOver = isSuspect && (remedy.retry.kind === "usual" || remedy.retry.kind === "step_over");
  const steps = [
    ...(elsewhere ? ["another source at once"] : []),
    ...(safe === "first" ? ["a safer run at once"] : []),
    ...[againOf(remedy.retry)].flatMap((step) => step ?? []),
    ...(safe === "after" ? ["a safer run"] : []),
    ...(elsewhere ? [] : ["another source"]),
    ...(isSteppedOver ? ["over the bad spot"] : []),
    lasts ? "then now and then" : "then the next programme",
  ];
  return steps.join("; ");
}

function remedyOf(remedy: Remedy): string {
  const particulars = Object.entries(remedy)
    .filter(([key, value]) => !["action", "scope", "retry"].includes(key) && value !== false && value !== 0)
    .map(([key, value]) => (value === true ? key : `${key}: ${value}`));
  const detail = particulars.length > 0 ? `, ${particulars.join(", ")}` : "";
  return `\`${remedy.action}\` (${remedy.scope}${detail})`;
}

function section(row: FailureRow): string {
  const lines = row.examples.map(
    ({ line, recalled }) => `    ${line}${recalled ? "   (not provoked here)" : ""}`,
  );
  const said = [
    ...(row.short ? ["ffmpeg ends with success, but with fewer pictures than it should."] : []),
    ...(row.outcome ? ["Goes by what is seen of a live source, not by what ffmpeg says."] : []),
    ...(row.signals ? [`Signal ${row.signals.join(" or ")} that was not ours.`] : []),
    ...(lines.length > 0 ? [lines.join("\n")] : []),
  ];
  return [
    `## ${row.row}. \`${row.class}\``,
    row.sentence,
    `Remedy: ${remedyOf(row.remedy)}. On air: ${stepsOf(row.remedy)}.`,
    ...said,
  ].join("\n\n");
}

test("docs/failures.md is the table of failures", async () => {
  const document = `${[HEAD.trimEnd(), ...FAILURE_ROWS.map(section)].join("\n\n")}\n`;
  await expect(document).toMatchFileSnapshot(path.join(ROOT, "docs/failures.md"));
});
