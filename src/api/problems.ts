import type { FastifyInstance, FastifyReply } from "fastify";
import { AppError, ERRORS } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

const RETRY_AFTER_SECONDS = 5;

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
  if (error.code === "not_ready") reply.header("retry-after", RETRY_AFTER_SECONDS);
  const detail = error.code === "internal" ? "The log of the server says more." : error.message;
  return reply
    .code(status)
    .type("application/problem+json; charset=utf-8")
    .send({ type: `/docs/errors#${error.code}`, title, status, code: error.code, detail });
}

function fromFramework(failure: unknown): AppError {
  const status = (failure as { statusCode?: unknown })?.statusCode;
  const isClients = typeof status === "number" && status >= 400 && status < 500;
  const detail = failure instanceof Error ? failure.message : String(failure);
  return new AppError(isClients ? "request_invalid" : "internal", detail, { cause: failure });
}
