import { lineTemplate } from "./line-template.ts";

/** A message that the table of failures does not know, and how often it was met. */
export interface UnmatchedLine {
  readonly template: string;
  readonly count: number;
}

const MAX_TEMPLATES = 200;

/** Said by ffmpeg on every occasion, or about itself. */
const MEANINGLESS = /^\s*(?:Last message repeated \d|Exiting normally, received signal|Conversion failed!|$)/;

/**
 * Counts the lines that no row of the table of failures matches, so that the table can grow: at most 200
 * templates of 200 characters. When they do not suffice, the rarest makes room, the one met longest ago first.
 */
export class UnmatchedLines {
  /** In the order in which they were last met. */
  readonly #counts = new Map<string, number>();
  #changed = false;

  constructor(lines: readonly UnmatchedLine[] = []) {
    for (const { template, count } of lines.slice(0, MAX_TEMPLATES)) this.#counts.set(template, count);
  }

  /** Something was added since `snapshot` was last called. */
  get changed(): boolean {
    return this.#changed;
  }

  /** Counts one line of stderr. */
  add(line: string): void {
    if (MEANINGLESS.test(line)) return;
    const template = lineTemplate(line);
    const count = this.#counts.get(template) ?? 0;
    this.#counts.delete(template);
    if (this.#counts.size >= MAX_TEMPLATES) this.#counts.delete(this.#rarest());
    this.#counts.set(template, count + 1);
    this.#changed = true;
  }

  /** What was counted, the most frequent first. */
  snapshot(): UnmatchedLine[] {
    this.#changed = false;
    return [...this.#counts]
      .map(([template, count]) => ({ template, count }))
      .sort((a, b) => b.count - a.count);
  }

  #rarest(): string {
    let rarest = "";
    let fewest = Number.POSITIVE_INFINITY;
    for (const [template, count] of this.#counts) {
      if (count < fewest) [rarest, fewest] = [template, count];
    }
    return rarest;
  }
}
