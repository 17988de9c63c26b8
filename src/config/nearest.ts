import { CONFIG_KEYS, CONFIG_SECTIONS } from "./keys.ts";

/** Longest text that is compared; no key is anywhere near it. */
const MAX_LENGTH = 64;

/** What somebody may have meant by an unknown key, as `section` or `section.name`; undefined when nothing is near. */
export function nearestKey(path: readonly PropertyKey[]): string | undefined {
  const written = String(path.at(-1) ?? "");
  const [section] = path;
  const isInSection = path.length > 1;
  const siblings = isInSection
    ? CONFIG_KEYS.filter((key) => key.path[0] === section).map(({ path: [, name], name: full }) => ({
        text: name as string,
        full,
      }))
    : CONFIG_SECTIONS.map(({ name }) => ({ text: name, full: name }));
  const sibling = nearest(
    written,
    siblings.map(({ text }) => text),
  );
  if (sibling !== undefined) return siblings.find(({ text }) => text === sibling)?.full;
  // Perhaps it is in the wrong section, or in none.
  const elsewhere = nearest(
    written,
    CONFIG_KEYS.map(({ path: [, name] }) => name as string),
  );
  const full = CONFIG_KEYS.find(({ path: [, name] }) => name === elsewhere)?.name;
  const dotted = nearest(
    written,
    CONFIG_KEYS.map(({ name }) => name),
  );
  return full ?? dotted;
}

/** The candidate with the least edit distance, when that is at most a third of its length. */
export function nearest(written: string, candidates: readonly string[]): string | undefined {
  if (written.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(plain(written), plain(candidate));
    if (distance >= bestDistance || distance > Math.max(1, candidate.length / 3)) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Upper case, dashes and underscores are what people differ in first. */
function plain(text: string): string {
  return text.toLowerCase().replace(/[-_\s]/g, "");
}

/** Letters to insert, delete, replace, or swap with their neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          last[column]! + 1,
          current[column - 1]! + 1,
          last[column - 1]! + (isSame ? 0 : 1),
          isSwap ? beforeLast[column - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
