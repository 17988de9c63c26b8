import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeBraces, readSubtitleText } from "./subtitle-text.ts";

const LINE = "1\n00:00:01,000 --> 00:00:02,000\nÄpfel für 5 €, s’il vous plaît\n";

function utf16(text: string, bigEndian: boolean): Buffer {
  const bytes = Buffer.from(`\uFEFF${text}`, "utf16le");
  return bigEndian ? bytes.swap16() : bytes;
}

describe("the text of a subtitle file", () => {
  it.each([
    ["UTF-8", Buffer.from(LINE)],
    ["UTF-8 with a byte order mark", Buffer.from(`\uFEFF${LINE}`)],
    ["UTF-16, little end first", utf16(LINE, false)],
    ["UTF-16, big end first", utf16(LINE, true)],
    ["windows-1252", Buffer.from(LINE.replaceAll("€", "\x80").replaceAll("’", "\x92"), "latin1")],
  ])("is read from %s", (_, bytes) => {
    expect(readSubtitleText(bytes)).toEqual({ text: LINE, format: "srt" });
  });

  it.each([
    ["[Script Info]\nTitle: x", "ass"],
    ["\r\n[script info]", "ass"],
    ["WEBVTT - some title\n", "webvtt"],
    ["anything else", "srt"],
  ])("tells its form by its first words: %j", (text, format) => {
    expect(readSubtitleText(Buffer.from(text)).format).toBe(format);
  });

  it("is some text, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(readSubtitleText(bytes).text).not.toContain("\0");
      }),
    );
  });
});

it("shows braces that are no override", () => {
  const script = "Style: {x}\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\i1}a{\\i0} {b} {";
  expect(escapeBraces(script)).toBe(
    "Style: {x}\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\i1}a{\\i0} \\{b} \\{",
  );
});
