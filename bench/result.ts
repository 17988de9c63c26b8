/** One figure of a benchmark. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure was measured beside, in the same run, and how many times as much it is. */
  readonly beside?: { readonly name: string; readonly value: number; readonly ratio: number };
  /** What we aim at, in words. */
  readonly aim?: string;
}

/** A figure beside its baseline. */
export function compared(
  name: string,
  unit: string,
  value: number,
  besideName: string,
  besideValue: number,
  aim?: string,
): Figure {
  return {
    name,
    unit,
    value,
    beside: { name: besideName, value: besideValue, ratio: value / besideValue },
    aim,
  };
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Figures as a table for people. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, beside, aim }) => [
    name,
    `${short(value)} ${unit}`,
    beside ? `${short(beside.value)} ${unit}` : "",
    beside && beside.value > 0 ? beside.ratio.toFixed(2) : "",
    beside?.name ?? "",
    aim ?? "",
  ]);
  const all = [["what", "ours", "beside", "ratio", "(beside what)", "aim"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
