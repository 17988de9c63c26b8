const collator = new Intl.Collator("en", { numeric: true, sensitivity: "accent" });

/**
 * Order of names as a person expects it: "Episode 2" before "Episode 10", upper and lower case alike. Names that
 * are equal in this sense keep a fixed order, so that a sort does not depend on the order of its input.
 */
export function compareNatural(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : Number(a > b));
}

/** Natural order of paths, folder by folder: "Season 2/…" stands before "Season 2 Extras/…". */
export function compareNaturalPaths(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let depth = 0; depth < Math.min(left.length, right.length); depth++) {
    const order = compareNatural(left[depth]!, right[depth]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
