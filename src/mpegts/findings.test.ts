import { expect, test } from "vitest";
import { CHECK_NAMES, CHECKS } from "./checks.ts";
import { Findings } from "./findings.ts";

test("every fault counts, the first ten of a kind and a hundred in all are kept with their place", () => {
  const findings = new Findings();
  findings.packet = 7;
  findings.byteOffset = 1316;
  findings.streamMs = 1234.5678;
  let sentences = 0;
  for (const name of CHECK_NAMES) {
    for (let index = 0; index < 50; index++) {
      findings.add(name, () => {
        sentences += 1;
        return "It is wrong.";
      });
    }
  }
  expect(findings.count("crc")).toBe(50);
  expect(findings.list).toHaveLength(100);
  expect(sentences).toBe(100);
  expect(findings.list[10]).toEqual({
    check: "sync_byte",
    packet: 7,
    byte_offset: 1316,
    stream_s: 1.235,
    message: "It is wrong.",
  });
});

test("every check of TR 101 290 has its clause, every check a title of its own", () => {
  const checks = Object.values(CHECKS);
  for (const check of checks) {
    // Buffer_error (3.3) stands with the other checks of the decoder.
    const isOfReport = check.group.startsWith("priority") || check.title.startsWith("Buffer_error");
    expect(check.clause !== "").toBe(isOfReport);
  }
  expect(new Set(checks.map((check) => check.title)).size).toBe(checks.length);
});
