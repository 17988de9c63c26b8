import path from "node:path";
import { expect, test } from "vitest";
import type { FailureRow, Remedy, Retry } from "../../src/ffmpeg/failure-row.ts";
import { FAILURE_ROWS } from "../../src/ffmpeg/failures.ts";
import { ROOT } from "./source.ts";

const HEAD = `# Failures of ffmpeg

What ffmpeg says when something goes wrong, what it means, and what the server does about it. The list is data in \`src/ffmpeg/\`; this page is written by \`npx vitest run --project unit test/gates/failures-doc.test.ts -u\` and a test fails when the two differ. The class stands in the log (\`class\`), in what \`exstreamtv why FILE\` says, and never changes.

When several lines match, the most telling one names the failure: a cause (such as a full disk) before what follows from it, a foreign signal before what was said about the file, damage before its symptoms. Lines that no row knows are counted in \`unmatched-lines.json\` in the data folder, without paths, addresses and numbers; please send it when you report a problem.
`;

function retryOf(retry: Retry): string {
  switch (retry.kind) {
    case "usual":
      return "the same place at once, then with patience, then over the bad spot";
    case "step_over":
      return "the same place once, then over the bad spot";
    case "backoff": {
      const { attempts, backoff } = retry;
      const waits =
        attempts === 1 ? `within ${backoff.capMs / 1000} s` : `waits up to ${backoff.capMs / 1000} s`;
      return `the same place ${attempts === 1 ? "once" : `${attempts} times`}, ${waits}`;
    }
    case "never":
      return "none";
  }
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
    `Remedy: ${remedyOf(row.remedy)}. Retries: ${retryOf(row.remedy.retry)}.`,
    ...said,
  ].join("\n\n");
}

test("docs/failures.md is the table of failures", async () => {
  const document = `${[HEAD.trimEnd(), ...FAILURE_ROWS.map(section)].join("\n\n")}\n`;
  await expect(document).toMatchFileSnapshot(path.join(ROOT, "docs/failures.md"));
});
