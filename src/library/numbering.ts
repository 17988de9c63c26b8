/** Numbers given to keys, counting from 1; a number is never given twice. */
export class Numbering {
  readonly #numbers: Map<string, number>;
  #next: number;

  /** Throws RangeError when two keys have the same number. */
  constructor(entries: Iterable<readonly [string, number]> = [], next = 1) {
    this.#numbers = new Map(entries);
    const taken = new Set(this.#numbers.values());
    if (taken.size !== this.#numbers.size) throw new RangeError("a number is given twice");
    this.#next = next;
    for (const number of taken) this.#next = Math.max(this.#next, number + 1);
  }

  /** The number of `key`, and whether it was given just now. */
  get(key: string): { number: number; isNew: boolean } {
    const known = this.#numbers.get(key);
    if (known !== undefined) return { number: known, isNew: false };
    const number = this.#next++;
    this.#numbers.set(key, number);
    return { number, isNew: true };
  }

  toJSON(): { next: number; entries: [string, number][] } {
    return { next: this.#next, entries: [...this.#numbers] };
  }
}
