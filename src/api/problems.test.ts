import fastify from "fastify";
import { expect, test } from "vitest";
import { silentLog } from "../base/log.ts";
import { registerProblems } from "./problems.ts";

test("a disk that takes nothing more is not the server's own fault, wherever it shows", async () => {
  const app = fastify();
  const errors: unknown[] = [];
  registerProblems(app, { ...silentLog, error: (...words: unknown[]) => errors.push(words) });
  const thrown = [
    Object.assign(new Error("ENOSPC: no space left on device, mkdir '/data/work/x'"), { code: "ENOSPC" }),
    new Error("boom"),
  ];
  app.get("/:index", ({ params }) => Promise.reject(thrown[(params as { index: number }).index]));
  const answers = await Promise.all(["/0", "/1"].map((url) => app.inject({ url })));
  expect(answers.map((answer) => answer.json())).toMatchObject([
    { status: 500, code: "data_folder_unusable", detail: expect.stringContaining("no space left") },
    { status: 500, code: "internal", detail: "The log of the server says more." },
  ]);
  expect(errors).toHaveLength(1);
  await app.close();
});
