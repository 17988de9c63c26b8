/** What stands in a log in place of a secret. */
export const MASK = "***";

/** Levels of nesting that are looked into; deeper values are left out of the log altogether. */
const MAX_DEPTH = 12;

/** Names of fields whose value is never written, compared without case, dashes and underscores. */
const SECRET_NAME =
  /passw|passphrase|^pwd$|secret|token|^auth$|authorization|cookie|apikey|privatekey|accesskey|credential/;

/** User and password in the authority of a URL (RFC 3986 3.2.1). Bounded, so that it stays linear. */
const URL_USER = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>]{0,1024}@/gi;

/** Parameters of a query that carry a secret. */
const URL_PARAMETER =
  /([?&;][\w.-]{0,40}(?:token|password|passwd|pwd|secret|api_?key|key|auth|sig|signature)=)[^&;#\s"'<>]+/gi;

/** A header written out in text, as on a command line. */
const HEADER = /\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*[:=]\s*)[^\r\n"']+/gi;

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.toLowerCase().replace(/[-_.\s]/g, ""));
}

/** The text with credentials in URLs and authorization headers masked. */
export function redactText(text: string): string {
  return text
    .replace(URL_USER, `$1${MASK}@`)
    .replace(URL_PARAMETER, `$1${MASK}`)
    .replace(HEADER, `$1$2${MASK}`);
}

/** A copy of plain data (as JSON holds it) with secrets masked, in fields by their name and in texts by their form. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [
      name,
      isSecretName(name) && !isHarmless(held) ? MASK : redactValue(held, depth + 1),
    ]),
  );
}

/** Absence, or a yes or no, gives nothing away. */
function isHarmless(held: unknown): boolean {
  return held === null || typeof held === "boolean";
}
