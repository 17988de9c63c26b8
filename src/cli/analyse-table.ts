import type { AnalyserReport } from "../mpegts/analyser-report.ts";
import type { CheckResult } from "../mpegts/check-results.ts";
import type { CheckGroup } from "../mpegts/checks.ts";

/** Why the analysis came to its end: all read, time over, told to stop, or the source broke off. */
export type AnalysisEnd = "end" | "seconds" | "stopped" | "broken";

/** What `analyse --json` writes: the report, what was analysed, and how it ended. */
export interface AnalysisReport extends AnalyserReport {
  readonly source: string;
  readonly ended: AnalysisEnd;
  /** What went wrong with the source when `ended` is `broken`. */
  readonly broken: string | null;
}

const GROUP_TITLES: Readonly<Record<CheckGroup, string>> = {
  priority_1: "TR 101 290 priority 1",
  priority_2: "TR 101 290 priority 2",
  timeline: "Timeline",
  decoder: "Constant rate and decoder's buffers (T-STD, ISO/IEC 13818-1 2.4.2)",
  priority_3: "TR 101 290 priority 3 (no part of the verdict)",
  aim: "Aims of EXStreamTV (no part of the verdict)",
};
const STATUS_WORDS = { ok: "ok", fail: "FAIL", not_applicable: "-" } as const;
const SHOWN_FINDINGS = 20;

/** Analysis report as a table for a terminal; ends with a line break. */
export function formatReport(report: AnalysisReport): string {
  const lines = [`${report.source}: ${report.verdict}`, summary(report)];
  if (report.broken) lines.push(`  Broken off: ${report.broken}.`);
  if (report.service)
    lines.push(`  Service "${clean(report.service.name)}" by "${clean(report.service.provider)}"`);
  lines.push(
    ...Object.entries(report.streams).map(([name, stream]) => {
      const steps = `DTS step ${stream.median_ms} ms (${stream.min_ms} to ${stream.max_ms})`;
      return `  ${name.padEnd(14)} ${stream.pes} PES, ${steps}, ${stream.gaps} gaps, ${stream.overlaps} overlaps`;
    }),
  );
  for (const group of Object.keys(GROUP_TITLES) as CheckGroup[]) {
    lines.push("", GROUP_TITLES[group]);
    lines.push(...report.checks.filter((check) => check.group === group).map(checkLine));
  }
  return `${[...lines, ...findingLines(report)].join("\n")}\n`;
}

function summary(report: AnalyserReport): string {
  const parts = [`${report.stream_s.toFixed(1)} s`, `${report.packets} packets`];
  if (report.mean_bitrate_bps !== null) {
    const kind = report.constant_bitrate ? "constant" : "mean";
    parts.push(`${(report.mean_bitrate_bps / 1e6).toFixed(3)} Mb/s ${kind}`);
  }
  parts.push(`${(report.null_share * 100).toFixed(1)} % null packets`);
  if (report.max_keyframe_gap_ms !== null)
    parts.push(`keyframes ${report.max_keyframe_gap_ms} ms apart at most`);
  if (report.av_skew_ms)
    parts.push(`audio ${report.av_skew_ms.min} to ${report.av_skew_ms.max} ms from video`);
  return `  ${parts.join(", ")}`;
}

function checkLine(check: CheckResult): string {
  const count = check.errors > 0 ? `${check.errors}x` : "";
  const figures = [count, check.detail].filter(Boolean).join(", ");
  const line = `  ${check.clause.padEnd(5)}${check.title.padEnd(36)}${STATUS_WORDS[check.status].padEnd(6)}${figures}`;
  return line.trimEnd();
}

function findingLines(report: AnalyserReport): string[] {
  if (report.findings.length === 0) return [];
  const shown = report.findings.slice(0, SHOWN_FINDINGS);
  const lines = shown.map(
    (finding) =>
      `  ${finding.stream_s.toFixed(3).padStart(9)} s  packet ${finding.packet}  ${finding.message}`,
  );
  const hidden = report.findings.length - shown.length;
  if (hidden > 0) lines.push(`  and ${hidden} more (--json shows them)`);
  return ["", "First findings", ...lines];
}

// Names come out of the stream: no control characters may reach the terminal.
function clean(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "");
}
