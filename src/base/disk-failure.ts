/** What a file system says when it takes nothing more: no space, no quota, or read-only by now (errno(3)). */
const CODES: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EROFS"]);
/** The same in the words of another program. */
const WORDS = /\b(?:ENOSPC|EDQUOT|EROFS)\b|No space left on device|Read-only file system/;

/** Whether a failure, or what caused it, is that the disk takes nothing more; it is nobody else's fault. */
export function isDiskFailure(failure: unknown): boolean {
  for (let each = failure, depth = 0; each instanceof Error && depth < 8; each = each.cause, depth++) {
    if ("code" in each && CODES.has(each.code)) return true;
  }
  return false;
}

/** Such a failure, where another program's words tell of one. */
export function diskFailureIn(words: string): Error | undefined {
  if (!WORDS.test(words)) return undefined;
  return Object.assign(new Error(words), { code: "ENOSPC" });
}
