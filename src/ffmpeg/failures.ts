import { type FailureRow, type LiveOutcome, RANKS, type Remedy } from "./failure-row.ts";
import { FILE_FAILURES } from "./failures-of-files.ts";
import { MACHINE_FAILURES } from "./failures-of-machines.ts";
import { NETWORK_FAILURES } from "./failures-of-networks.ts";

const ROWS = [...FILE_FAILURES, ...NETWORK_FAILURES, ...MACHINE_FAILURES];

/** The stable name of a kind of failure. */
export type FailureClass = (typeof ROWS)[number]["class"];

/** A row whose class is known by name. */
export type NamedFailureRow = FailureRow & { readonly class: FailureClass };

/** Every kind of failure that is known, by number; docs/failures.md shows it. */
export const FAILURE_ROWS: readonly NamedFailureRow[] = ROWS.toSorted((a, b) => a.row - b.row);

/** A failure that has a name: what it means and what to do. Plain data. */
export interface Failure {
  readonly class: FailureClass;
  /** Number of its row in the table. */
  readonly row: number;
  /** How telling it is, see `RANKS`; symptoms are no reason for an end by themselves. */
  readonly rank: FailureRow["rank"];
  /** For a person, without the particulars of the case. */
  readonly sentence: string;
  readonly remedy: Remedy;
  /** What ffmpeg said; undefined when the signal alone tells. */
  readonly line?: string;
}

/** What a process left behind. */
export interface Evidence {
  readonly stderr: readonly string[];
  /** How it ended, when it did so by itself or by somebody else's hand; undefined when we ended it. */
  readonly exit?: { readonly code: number | null; readonly signal: NodeJS.Signals | null };
  /** Less came out than was promised, see `FailureRow.short`. */
  readonly short?: boolean;
  /** See `FailureRow.outcome`. */
  readonly outcome?: LiveOutcome;
}

/** The most telling rows first, see `RANKS`; the sort keeps the table's order within a rank. */
const BY_RANK: readonly NamedFailureRow[] = FAILURE_ROWS.toSorted(
  (a, b) => RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank),
);

/** Signals as a shell in between reports them: 128 + number. */
const SHELL_STATUS: Readonly<Record<number, NodeJS.Signals>> = {
  132: "SIGILL",
  137: "SIGKILL",
  139: "SIGSEGV",
};

/**
 * The failure that explains the evidence best: the matching row that is first by rank and then by number, with
 * the last line that it matched. Undefined when no row matches.
 */
export function classify(evidence: Evidence): Failure | undefined {
  const { exit } = evidence;
  const signal = exit?.signal ?? SHELL_STATUS[exit?.code ?? 0];
  for (const row of BY_RANK) {
    const line = evidence.stderr.findLast((each) => matches(row, each));
    if (line !== undefined) return failureOf(row, line);
    if (signal && row.signals?.includes(signal)) return failureOf(row);
    if (row.short && evidence.short) return failureOf(row);
    if (row.outcome && row.outcome === evidence.outcome) return failureOf(row);
  }
  return undefined;
}

/** The failure that one line of stderr tells of. */
export function classifyLine(line: string): Failure | undefined {
  return classify({ stderr: [line] });
}

function matches(row: NamedFailureRow, line: string): boolean {
  return row.match.some((pattern) => pattern.test(line));
}

function failureOf(row: NamedFailureRow, line?: string): Failure {
  const { rank, sentence, remedy } = row;
  return { class: row.class, row: row.row, rank, sentence, remedy, ...(line === undefined ? {} : { line }) };
}
