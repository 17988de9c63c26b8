/** What became of one fault. Figures are absent where it was not tried. */
export interface FaultResult {
  readonly id: string;
  readonly title: string;
  /** How the fault was made. */
  readonly means: string;
  readonly outcome: "passed" | "failed" | "not tried";
  readonly seconds?: number;
  /** From the fault to the server's first word of it, in ms. */
  readonly detectedAfterMs?: number;
  /** From the end of the fault to the programme's return to the lead, in ms. */
  readonly backAfterMs?: number;
  /** Pictures of an error screen in place of a programme, all channels together. */
  readonly screenSeconds?: number;
  /** Pictures whose numbers were read. */
  readonly framesJudged?: number;
  /** Where pictures did not follow one another, by how many frames. */
  readonly leaps?: readonly { readonly channel: number; readonly by: number }[];
  readonly disconnects?: number;
  /** Longest time in which a viewer got no byte, in ms. */
  readonly longestSilenceMs?: number;
  /** Of all viewers' streams by our analyser, and of one per channel by tsprobe. */
  readonly streamErrors?: number;
  readonly strayProcesses?: number;
  readonly strayFiles?: number;
  /** Resident memory of the server. */
  readonly memoryMib?: { readonly before: number; readonly after: number };
  /** Load of the machine over the last minute, and the longest delay of our own event loop, in ms. */
  readonly load?: number;
  readonly harnessLagMs?: number;
  /** Requirements that were not met. */
  readonly complaints: readonly string[];
  readonly notes: readonly string[];
}

/** A whole run. */
export interface ChaosReport {
  readonly machine: { readonly cores: number; readonly model: string | undefined; readonly node: string };
  readonly seed: number;
  readonly results: readonly FaultResult[];
}

/** Whether every requirement of every fault was met. */
export function hasPassed({ results }: ChaosReport): boolean {
  return results.every(({ outcome }) => outcome !== "failed");
}

const HEAD = [
  ...["", "fault", "detected", "back", "viewers saw", "cut off", "stream errors"],
  ...["left behind", "memory MiB", "load"],
];

/** The run as a table, in Markdown that is readable as it stands, with complaints below. */
export function table({ results }: ChaosReport): string {
  const rows = results.map(row);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((cells) => cells[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const complaints = results.flatMap(({ id, complaints: all }) => all.map((text) => `- ${id}: ${text}`));
  const skipped = results.filter(({ outcome }) => outcome === "not tried");
  return [
    ...[line(HEAD), rule, ...rows.map(line)],
    ...(complaints.length > 0 ? ["", "Not met:", ...complaints] : []),
    ...(skipped.length > 0
      ? ["", "Not tried:", ...skipped.map(({ id, notes }) => `- ${id}: ${notes.join("; ")}`)]
      : []),
  ].join("\n");
}

function row(result: FaultResult): string[] {
  const { id, title, outcome, memoryMib, strayProcesses = 0, strayFiles = 0 } = result;
  const name = outcome === "failed" ? `${title} — NOT MET` : title;
  if (outcome === "not tried") return [id, `${title} — not tried`, ...HEAD.slice(2).map(() => "")];
  return [
    ...[id, name, seconds(result.detectedAfterMs), seconds(result.backAfterMs), sight(result)],
    ...[String(result.disconnects ?? ""), String(result.streamErrors ?? "")],
    `${strayProcesses} processes, ${strayFiles} files`,
    memoryMib ? `${memoryMib.before.toFixed(0)} → ${memoryMib.after.toFixed(0)}` : "",
    result.load?.toFixed(1) ?? "",
  ];
}

/** A player has 0.7 s in hand; of a pause that is not much longer nobody sees anything. */
const LONG_SILENCE_MS = 1000;

function sight(result: FaultResult): string {
  const { screenSeconds = 0, leaps = [], disconnects = 0, longestSilenceMs = 0 } = result;
  const seen = [
    ...(disconnects > 0 ? ["connection ended"] : []),
    ...(longestSilenceMs > LONG_SILENCE_MS ? [`no byte for ${(longestSilenceMs / 1000).toFixed(1)} s`] : []),
    ...(screenSeconds > 0 ? [`error screen ${screenSeconds.toFixed(1)} s`] : []),
    ...(leaps.length > 0 ? [`${leaps.length} moves in the schedule`] : []),
  ];
  return seen.join(", ") || "nothing";
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "–" : `${(ms / 1000).toFixed(2)} s`;
}
