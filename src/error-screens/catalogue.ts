import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { AppError } from "../base/errors.ts";
import { SCREEN_REASONS } from "../media/screen-modes.ts";
import english from "./locales/en.json" with { type: "json" };

const MAX_CATALOGUE_BYTES = 65_536;
const words = z.string().max(500);
const REASON = z.strictObject({ title: words, subtitle: words });

const CATALOGUE = z.strictObject({
  /** BCP 47: how times are written. */
  language: words.refine(isLanguage, "expected a language, for instance de-AT"),
  back_at: words,
  in_minutes: words,
  in_hours: words,
  any_moment: words,
  reasons: z.record(z.enum(SCREEN_REASONS), REASON),
});

/** The words of screens, in one language. `{time}`, `{hours}` and `{minutes}` stand for what is filled in. */
export type Catalogue = z.output<typeof CATALOGUE>;

const TRANSLATION = CATALOGUE.partial().extend({
  reasons: z.partialRecord(z.enum(SCREEN_REASONS), REASON.partial()).optional(),
});

/** The words that come with the project. */
export const ENGLISH: Catalogue = CATALOGUE.parse(english);

/**
 * The words of a file (JSON, of the form of `locales/en.json`; what it leaves out is English). Throws
 * `config_invalid` when it cannot be read or says something else.
 */
export function loadCatalogue(file: string): Catalogue {
  const refuse = (fault: string, cause?: unknown) =>
    new AppError("config_invalid", `error_screens.catalogue: ${file}: ${fault}`, { cause });
  let values: unknown;
  try {
    if (statSync(file).size > MAX_CATALOGUE_BYTES) throw refuse(`larger than ${MAX_CATALOGUE_BYTES} bytes`);
    values = JSON.parse(readFileSync(file, "utf8"));
  } catch (failure) {
    throw failure instanceof AppError ? failure : refuse((failure as Error).message, failure);
  }
  const result = TRANSLATION.safeParse(values);
  if (!result.success) {
    throw refuse(result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
  }
  return translate(result.data);
}

function translate({ reasons = {}, ...others }: z.output<typeof TRANSLATION>): Catalogue {
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  const both = SCREEN_REASONS.map((reason) => [reason, { ...ENGLISH.reasons[reason], ...reasons[reason] }]);
  return { ...ENGLISH, ...Object.fromEntries(given), reasons: Object.fromEntries(both) };
}

/** Puts values into a sentence of the catalogue. */
export function fillIn(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : placeholder,
  );
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
