import type { FastifyInstance } from "fastify";

/** `GET /health/live` (the process answers) and `GET /health/ready` (channels can be tuned). */
export function registerHealth(app: FastifyInstance, isReady: () => boolean): void {
  app.get("/health/live", async () => ({ status: "live" }));
  app.get("/health/ready", async (_request, reply) => {
    const ready = isReady();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "starting" });
  });
}
