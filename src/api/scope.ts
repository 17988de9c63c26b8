import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { refuseAccess } from "./access.ts";

/** The scope below `/api`: requests and answers are typed by their zod schemas. */
export type ApiScope = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/**
 * Opens the scope below `/api` for `register` to add its routes to. Until there is access control it answers this
 * machine only; `host` (`server.host`) is the one name beside localhost under which it is reached.
 */
export function openManagementScope(
  app: FastifyInstance,
  host: string,
  register: (scope: ApiScope) => void,
): void {
  app.register(
    async (plain) => {
      const scope: ApiScope = plain.withTypeProvider<ZodTypeProvider>();
      scope.setValidatorCompiler(validatorCompiler);
      scope.setSerializerCompiler(serializerCompiler);
      scope.addHook("onRequest", async ({ method, headers, raw }, reply) => {
        const refusal = refuseAccess({ method, headers, peer: raw.socket.remoteAddress }, host);
        if (refusal) throw refusal;
        reply.header("cache-control", "no-store");
      });
      register(scope);
    },
    { prefix: "/api" },
  );
}
