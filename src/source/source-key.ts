import { isSecretName } from "../base/redact.ts";
import type { PlayItem } from "./source.ts";

const ADDRESS = /^[a-z][a-z0-9+.-]{1,30}:\/\//i;
/** Names of parameters that hold a secret, beside those that logs mask. */
const SIGNED = /^(?:key|sig|signature|expires?|exp|hmac|policy)$/i;

/** Whether an item comes from an address rather than from a file. */
export function isRemote({ facts }: PlayItem): boolean {
  return ADDRESS.test(facts.path);
}

/**
 * What tells one source from another: the path of a file, or an address without what lets one in (user, password,
 * tokens and signatures) and without its fragment. It may still name things that are nobody's business: it is kept
 * in memory and not shown.
 */
export function sourceKey({ facts }: PlayItem): string {
  if (!ADDRESS.test(facts.path) || !URL.canParse(facts.path)) return facts.path;
  const url = new URL(facts.path);
  [url.username, url.password, url.hash] = ["", "", ""];
  for (const name of [...url.searchParams.keys()]) {
    if (isSecretName(name) || SIGNED.test(name)) url.searchParams.delete(name);
  }
  return url.href;
}
