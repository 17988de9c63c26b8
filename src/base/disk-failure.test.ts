import { expect, it } from "vitest";
import { diskFailureIn, isDiskFailure } from "./disk-failure.ts";
import { AppError } from "./errors.ts";

const coded = (code: string) => Object.assign(new Error(code), { code });

it.each([
  ["the file system's own error", coded("ENOSPC"), true],
  [
    "one that a quota or a read-only disk caused",
    new AppError("data_folder_unusable", "x", { cause: coded("EROFS") }),
    true,
  ],
  ["another error of the file system", coded("EACCES"), false],
  ["an error of ours", new AppError("internal", "ENOSPC"), false],
  ["something thrown", "ENOSPC", false],
  ["nothing", undefined, false],
])("%s", (_, failure, isOne) => expect(isDiskFailure(failure)).toBe(isOne));

it("is found in the words of another program", () => {
  for (const words of ["failed: ENOSPC: no space left on device, write", "x.yuv: No space left on device"]) {
    expect(isDiskFailure(new AppError("painter_failed", words, { cause: diskFailureIn(words) }))).toBe(true);
  }
  expect(diskFailureIn("Invalid data found when processing input")).toBeUndefined();
});

it("a chain of causes that goes in a circle is left", () => {
  const failure = new Error("a");
  failure.cause = failure;
  expect(isDiskFailure(failure)).toBe(false);
});
