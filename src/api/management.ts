import type { FastifyInstance } from "fastify";
import { type ChannelsApiParts, registerChannelsApi } from "./channels.ts";
import { openManagementScope } from "./scope.ts";

/** What the management routes speak of. */
export interface ApiParts extends ChannelsApiParts {
  /** `server.host`: the one name beside localhost under which management is reached. */
  readonly host: string;
}

/** `/api/…`: what operators see and change. Each group of routes is a function of the scope and its parts. */
export function registerManagement(app: FastifyInstance, parts: ApiParts): void {
  openManagementScope(app, parts.host, (scope) => {
    registerChannelsApi(scope, parts);
  });
}
