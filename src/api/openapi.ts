import swagger from "@fastify/swagger";
import fastify from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { SystemClock } from "../base/clock.ts";
import { EventHub } from "../base/event-hub.ts";
import { SessionManager } from "../sessions/session-manager.ts";
import { registerManagement } from "./management.ts";

const DESCRIPTION = `What operators and programs see and change of a server. It answers the machine that the server runs on; the playlist and the streams (/iptv/…) are open to everybody and not listed here. docs/api.md has examples, docs/errors.md every code.`;

const NO_LIMITS = { perChannel: 0, total: 0, idleTimeoutMs: 0, maxErrors: 1, cleanupIntervalMs: 1000 };

/** The management API as an OpenAPI 3.1 document, made of the routes' own schemas: the text of docs/openapi.json. */
export async function openApiDocument(): Promise<string> {
  const app = fastify();
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "EXStreamTV", version: "0.1", description: DESCRIPTION, license: { name: "MIT" } },
      servers: [{ url: "http://localhost:8411" }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => plain(jsonSchemaTransformObject(document)),
  });
  // A server without channels: only the routes matter.
  const clock = new SystemClock();
  registerManagement(app, {
    ...{ host: "localhost", clock, channels: { definitions: [] } },
    health: { of: neverAsked, list: neverAsked },
    throttle: { of: neverAsked, change: neverAsked },
    sessions: new SessionManager({ clock, limits: NO_LIMITS }),
    events: new EventHub(() => clock.wallNow()),
    screens: {
      generator: { preview: neverAsked },
      settings: { for: neverAsked, look: neverAsked },
      lookOf: neverAsked,
    },
    screenControl: {
      ...{ of: neverAsked, change: neverAsked, setImage: neverAsked, show: neverAsked, end: neverAsked },
    },
    swaps: { swap: neverAsked },
  });
  await app.ready();
  const text = `${JSON.stringify(app.swagger(), null, 2)}\n`;
  await app.close();
  return text;
}

function neverAsked(): never {
  throw new Error("nobody asks this server");
}

/**
 * Leaves out what says nothing: schemas that nothing refers to (each is given twice, as it is read and as it is
 * written), bounds of what a number can hold, and that answers have no further members (later versions do).
 */
function plain<T extends object>(document: T): T {
  const text = JSON.stringify(document);
  const isUsed = (id: string) => text.includes(`"#/components/schemas/${id}"`);
  return JSON.parse(text, (key, value) => {
    if (key === "schemas") return Object.fromEntries(Object.entries(value).filter(([id]) => isUsed(id)));
    if ((key === "minimum" || key === "maximum") && Math.abs(value) === Number.MAX_SAFE_INTEGER)
      return undefined;
    return key === "additionalProperties" && value === false ? undefined : value;
  });
}
