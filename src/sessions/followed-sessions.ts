import { createHash, randomBytes } from "node:crypto";
import type { SessionRequest, StreamSession } from "./session.ts";
import type { SessionManager } from "./session-manager.ts";

/**
 * The parameter of a URI that carries a session's secret. Its name is one that the log masks in any text
 * (`base/redact.ts`), so that an address that is logged does not give a session away.
 */
export const FOLLOW_PARAMETER = "session_token";

/** 32 characters of base64url: 192 bits. Anything else is not looked up. */
const SECRET = /^[\w-]{32}$/;

/** A session of many requests, and the secret that its child URIs carry. */
export interface FollowedSession {
  readonly session: StreamSession;
  /** For the URIs of its own playlists, and nowhere else. */
  readonly secret: string;
}

/**
 * Sessions that no connection stands for, such as HLS: a secret is minted with the master playlist, and each
 * request that carries it belongs to the session. An address is no identity: two players behind one router are two
 * sessions, and one that changes its network stays itself. Such a session ends when it was not asked for during
 * the idle timeout.
 *
 * An output calls `begin` for the master playlist, and `find` for each child request, whose bytes it then gives to
 * `session.sent`. It counts no bytes for the master playlist: a session that nothing follows is only created, and
 * its slot is free again after a minute.
 */
export class FollowedSessions {
  readonly #manager: SessionManager;
  readonly #mint: () => string;
  /** By hash: what is compared in the course of a lookup says nothing about a secret. */
  readonly #byHash = new Map<string, StreamSession>();

  /** `mint` makes 32 characters of base64url; by default from the system's random source. */
  constructor(manager: SessionManager, mint: () => string = () => randomBytes(24).toString("base64url")) {
    this.#manager = manager;
    this.#mint = mint;
  }

  /** Reserves a session and mints its secret. Throws what `SessionManager.reserve` throws. */
  begin(request: SessionRequest): FollowedSession {
    const session = this.#manager.reserve(request);
    const secret = this.#mint();
    const hash = hashOf(secret);
    this.#byHash.set(hash, session);
    session.onEnd(() => void this.#byHash.delete(hash));
    return { session, secret };
  }

  /** The live session of a secret as it came with a request; undefined when there is none. */
  find(secret: unknown): StreamSession | undefined {
    return typeof secret === "string" && SECRET.test(secret) ? this.#byHash.get(hashOf(secret)) : undefined;
  }
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
