/**
 * Cuts text that arrives in pieces into lines, at "\n" and "\r" (ffmpeg ends its status line with "\r").
 * Empty lines are left out. A line is kept up to `maxLength` characters, so memory is bounded whatever a
 * program prints.
 */
export class LineReader {
  readonly #maxLength: number;
  readonly #onLine: (line: string) => void;
  #partial = "";

  constructor(maxLength: number, onLine: (line: string) => void) {
    this.#maxLength = maxLength;
    this.#onLine = onLine;
  }

  push(text: string): void {
    const pieces = text.split(/[\r\n]/);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.end();
      this.#partial += piece.slice(0, this.#maxLength - this.#partial.length);
    }
  }

  /** Hands out what stands after the last line end. */
  end(): void {
    const line = this.#partial;
    this.#partial = "";
    if (line !== "") this.#onLine(line);
  }
}
