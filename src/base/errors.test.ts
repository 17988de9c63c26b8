import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError, ERRORS, toAppError } from "./errors.ts";

test.each(Object.entries(ERRORS))(
  "%s: an error status, and a title that is a phrase",
  (code, { status, title }) => {
    expect(code).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^\S.*[^.\s]$/);
  },
);

test("an AppError carries its code, its detail and its cause", () => {
  const cause = new Error("ENOENT");
  const error = new AppError("config_unreadable", "c.yaml: ENOENT", { cause });
  expect(error).toMatchObject({
    name: "AppError",
    code: "config_unreadable",
    message: "c.yaml: ENOENT",
    cause,
  });
  expect(error.stack).toContain("AppError: c.yaml: ENOENT");
});

describe("toAppError", () => {
  test("leaves an AppError alone", () => {
    const error = new AppError("encoder_failed", "exit 1");
    expect(toAppError(error, "internal")).toBe(error);
  });

  test("keeps an error as the cause, under the given code", () => {
    const cause = new TypeError("x is not a function");
    expect(toAppError(cause)).toMatchObject({ code: "internal", message: "x is not a function", cause });
    expect(toAppError(cause, "media_unreadable").code).toBe("media_unreadable");
  });

  test("takes anything that can be thrown", () => {
    expect(toAppError("text").message).toBe("text");
    expect(toAppError(undefined).message).toBe("undefined");
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (thrown) => {
        const error = toAppError(thrown);
        expect(error).toBeInstanceOf(AppError);
        expect(error.cause).toBe(thrown);
      }),
    );
  });
});
