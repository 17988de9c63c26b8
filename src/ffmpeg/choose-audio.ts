import type { AudioFacts } from "./media-facts.ts";

/** ISO 639-2/B codes and the 639-1 codes of the same languages, which Intl does not all know. */
const BIBLIOGRAPHIC: Readonly<Record<string, string>> = {
  ...{
    alb: "sq",
    arm: "hy",
    baq: "eu",
    bur: "my",
    chi: "zh",
    cze: "cs",
    dut: "nl",
    fre: "fr",
    geo: "ka",
    ger: "de",
  },
  ...{
    gre: "el",
    ice: "is",
    mac: "mk",
    mao: "mi",
    may: "ms",
    per: "fa",
    rum: "ro",
    slo: "sk",
    tib: "bo",
    wel: "cy",
  },
};

/** One spelling for each language: "ger", "deu", "de" and "de-AT" are all "de"; undefined for what is no language. */
export function canonicalLanguage(code: string | undefined): string | undefined {
  const [first = ""] = (code ?? "").trim().toLowerCase().split(/[-_]/);
  if (!/^[a-z]{2,3}$/.test(first) || first === "und") return undefined;
  return BIBLIOGRAPHIC[first] ?? Intl.getCanonicalLocales(first)[0];
}

/**
 * The stream to hear: of the earliest preferred language that is there; within it no commentary and no description
 * of the picture unless there is nothing else; then the file's default, then the first. Undefined without sound.
 */
export function chooseAudio(
  streams: readonly AudioFacts[],
  preferredLanguages: readonly string[] = [],
): AudioFacts | undefined {
  const plain = streams.filter((stream) => !stream.isCommentary && !stream.isDescription);
  const candidates = plain.length > 0 ? plain : streams;
  for (const wanted of preferredLanguages.map(canonicalLanguage)) {
    if (wanted === undefined) continue;
    const inLanguage = candidates.filter(({ language }) => canonicalLanguage(language) === wanted);
    if (inLanguage.length > 0) return defaultOf(inLanguage);
  }
  return defaultOf(candidates);
}

function defaultOf(streams: readonly AudioFacts[]): AudioFacts | undefined {
  return streams.find(({ isDefault }) => isDefault) ?? streams[0];
}
