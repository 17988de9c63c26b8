import { describe, expect, test } from "vitest";
import { RANKS } from "./failure-row.ts";
import { classify, classifyLine, FAILURE_ROWS } from "./failures.ts";

const EXAMPLES = FAILURE_ROWS.flatMap((row) =>
  row.examples.map((example): [string, string] => [row.class, example.line]),
);

test.each(EXAMPLES)("%s: %s", (name, line) => {
  expect(classifyLine(line)).toMatchObject({ class: name, line });
});

test.each(FAILURE_ROWS.map((row) => [row.class, row] as const))(
  "%s: a name, examples for every pattern or a signal, a remedy, a sentence",
  (name, row) => {
    expect(name).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
    expect(RANKS).toContain(row.rank);
    if (row.match.length === 0)
      expect(row.short || row.outcome !== undefined || (row.signals?.length ?? 0) > 0).toBe(true);
    for (const pattern of row.match) {
      expect(
        row.examples.some(({ line }) => pattern.test(line)),
        String(pattern),
      ).toBe(true);
    }
    expect(row.remedy.action).toMatch(/^[a-z_]+$/);
    expect(["item", "source", "channel", "server"]).toContain(row.remedy.scope);
    expect(row.sentence).toMatch(/^(?:[A-Z]|ffmpeg).{10,}\.$/);
    expect(row.sentence).not.toMatch(/0x|stderr|EBML/);
  },
);

test("the rows of the reference are there, each number and each class once", () => {
  const numbers = FAILURE_ROWS.map((row) => row.row);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
  expect(numbers.length).toBeGreaterThanOrEqual(35);
  expect(new Set(FAILURE_ROWS.map((row) => row.class)).size).toBe(numbers.length);
});

describe("signals", () => {
  test.each([
    [{ code: null, signal: "SIGSEGV" as const }, "broken_build"],
    [{ code: null, signal: "SIGILL" as const }, "broken_build"],
    [{ code: null, signal: "SIGKILL" as const }, "killed"],
    [{ code: 137, signal: null }, "killed"],
    [{ code: 139, signal: null }, "broken_build"],
    [{ code: null, signal: "SIGTERM" as const }, undefined],
    [{ code: 1, signal: null }, undefined],
    [undefined, undefined],
  ])("%j: %s", (exit, name) => {
    expect(classify({ stderr: [], exit })?.class).toBe(name);
  });

  test("beat what was said about the file, but not the cause that led to them", () => {
    const exit = { code: null, signal: "SIGKILL" } as const;
    const damaged = ["[h264 @ 0x562e50ca8600] error while decoding MB 17 1"];
    expect(classify({ stderr: damaged, exit })?.class).toBe("killed");
    expect(classify({ stderr: ["Error while filtering: Cannot allocate memory"], exit })?.class).toBe(
      "out_of_resources",
    );
  });
});

test("a shortfall has a name of its own, unless something else explains it", () => {
  expect(classify({ stderr: [], short: true })?.class).toBe("ended_early");
  const joined = "[h264 @ 0x557528951740] no frame!";
  expect(classify({ stderr: [joined], short: true })?.class).toBe("ended_early");
  const cut = "[matroska,webm @ 0x560f71c468c0] File ended prematurely";
  expect(classify({ stderr: [cut, joined], short: true })?.class).toBe("truncated");
});

describe("when several rows match, the most telling wins", () => {
  test.each([
    [
      "the driver, not the encoder that needs it",
      [
        "[h264_nvenc @ 0x55da430ac5c0] Cannot load libcuda.so.1",
        "Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height",
      ],
      "gpu_missing",
    ],
    [
      "the missing index, not invalid data",
      [
        "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x5585746028c0] moov atom not found",
        "x: Invalid data found when processing input",
      ],
      "truncated_mp4",
    ],
    [
      "410, though ffmpeg sums it up as any client error",
      [
        "[http @ 0x5608d38330c0] HTTP error 410 Gone",
        "http://h/410: Server returned 4XX Client Error, but not one of 40{0,1,3,4}",
      ],
      "gone",
    ],
    [
      "the name service, not the read error",
      [
        "[tcp @ 0x556f1e962f80] Failed to resolve hostname h.invalid: Name or service not known",
        "http://h.invalid/x: Input/output error",
      ],
      "name_not_resolved",
    ],
    [
      "the cut, not the damage at its edge",
      [
        "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55de599a88c0] Packet corrupt (stream = 0, dts = 76288).",
        "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55de599a88c0] stream 1, offset 0x87f1b: partial file",
        "[h264 @ 0x55de599e2980] Error splitting the input into NAL units.",
      ],
      "truncated",
    ],
    ["nothing of what is not known", ["Last message repeated 3 times", "[x @ 0x1] something new"], undefined],
  ])("%s", (_, stderr, name) => {
    expect(classify({ stderr, exit: { code: 1, signal: null } })?.class).toBe(name);
  });
});

test.each([
  "x: ".repeat(100_000),
  `%{${"a".repeat(300_000)}`,
  "Decoder (codec ".repeat(20_000),
  "0x".repeat(150_000),
])(
  "hostile line %#: linear time",
  (line) => {
    expect(classifyLine(line)).toBeUndefined();
  },
  2000,
);
