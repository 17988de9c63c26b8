import { redactText } from "../base/redact.ts";

const MAX_CHARACTERS = 200;

/** What differs from case to case, in this order; each pattern is linear. */
const PARTICULARS: readonly [RegExp, string][] = [
  [/ @ 0x[0-9a-f]{1,16}\]/g, "]"],
  [/\b[a-z][a-z0-9+.-]{0,30}:\/\/\S*/gi, "<url>"],
  [/'[^']*'/g, "'…'"],
  [/"[^"]*"/g, '"…"'],
  // A file that a line begins with: everything up to the colon that ends it, blanks and all.
  [/^(?:file:)?[^[\]]{0,400}[/\\][^:]{0,400}: /, "<path>: "],
  [/^[^[\]:]{1,200}\.[a-z0-9]{2,5}: /i, "<path>: "],
  [/(?<![\w<>])(?:file:)?\.{0,2}\/[^\s:,;)\]]+/g, "<path>"],
  [/\b0x[0-9a-f]+\b/gi, "<n>"],
  [/\b[0-9a-f]{12,}\b/gi, "<n>"],
  [/\d+(?:[.:]\d+)*/g, "<n>"],
];

/**
 * The line without what belongs to one case only and is nobody's business: addresses in memory and of servers,
 * credentials, paths, quoted names, numbers. The same message thus always gives the same template, of at most
 * 200 characters.
 */
export function lineTemplate(line: string): string {
  // Credentials first, while the text around them is still what it was.
  let text = redactText(line.replace(/\p{Cc}/gu, " "));
  for (const [pattern, replacement] of PARTICULARS) text = text.replace(pattern, replacement);
  return text.trim().slice(0, MAX_CHARACTERS);
}
