import type { FastifyInstance, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { isDiskFailure } from "../base/disk-failure.ts";
import { AppError, ERRORS } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/** What a client is told to wait when the server cannot take its request now. */
const RETRY_AFTER_SECONDS = 5;
/** Faults of one request that are told. */
const MAX_FAULTS = 20;

/** Answers every failure of a request with problem details (RFC 9457) that carry a stable `code`. */
export function registerProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((failure, _request, reply) => {
    const error = failure instanceof AppError ? failure : fromFramework(failure);
    if (error.code === "internal") log.error({ err: failure }, "a request failed");
    return sendProblem(reply, error);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new AppError("route_not_found", `There is nothing at ${request.url.slice(0, 200)}.`)),
  );
}

/** Sends one error as `application/problem+json`. */
export function sendProblem(reply: FastifyReply, error: AppError): FastifyReply {
  const { status, title } = ERRORS[error.code];
  // Whoever is told to wait must not hold a connection meanwhile.
  if (status === 503) reply.header("retry-after", RETRY_AFTER_SECONDS).header("connection", "close");
  const detail = error.code === "internal" ? "The log of the server says more." : error.message;
  return reply
    .code(status)
    .type("application/problem+json; charset=utf-8")
    .send({ type: `/docs/errors#${error.code}`, title, status, code: error.code, detail, ...error.members });
}

function fromFramework(failure: unknown): AppError {
  if (hasZodFastifySchemaValidationErrors(failure)) return invalidRequest(failure);
  const status = (failure as { statusCode?: unknown })?.statusCode;
  const isClients = typeof status === "number" && status >= 400 && status < 500;
  const detail = failure instanceof Error ? failure.message : String(failure);
  if (isDiskFailure(failure)) return new AppError("data_folder_unusable", detail, { cause: failure });
  return new AppError(isClients ? "request_invalid" : "internal", detail, { cause: failure });
}

/** The part of a request, as its sender calls it. */
const PARTS: Readonly<Record<string, string>> = {
  params: "path",
  querystring: "query",
  body: "body",
  headers: "header",
};

/** What is wrong with a request, and where: in the sentence for people, as `errors` for programs. */
function invalidRequest(
  failure: Error & {
    readonly validation: readonly { readonly instancePath: string; readonly message?: string }[];
    readonly validationContext?: string | undefined;
  },
): AppError {
  const part = PARTS[failure.validationContext ?? ""] ?? "request";
  const errors = failure.validation.slice(0, MAX_FAULTS).map(({ instancePath, message }) => ({
    in: part,
    field: instancePath.replace(/^\//, "").replaceAll("/", "."),
    detail: message ?? "is not valid",
  }));
  const sentences = errors.map(
    ({ field, detail }) => `${[part, field].filter(Boolean).join(" ")}: ${detail}`,
  );
  return new AppError("request_invalid", sentences.join("; "), { cause: failure, members: { errors } });
}
