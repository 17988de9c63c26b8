import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeDvbText } from "./dvb-text.ts";
import { pmtSection, sdtSection, section } from "./packet-fixtures.ts";
import { readCat, readPat, readPmt, readSdtService } from "./psi-tables.ts";
import { streamKind } from "./stream-kind.ts";

const bytes = (values: readonly number[]) => Uint8Array.from(values);

test("a PAT gives its programmes without the network PID", () => {
  const body = [0x00, 0x00, 0xe0, 0x10, 0x00, 0x07, 0xe1, 0x23, 0x01, 0x00, 0xff, 0xfe];
  expect(readPat(bytes(section(0x00, 1, body)))).toEqual([
    { programNumber: 7, pmtPid: 0x123 },
    { programNumber: 256, pmtPid: 0x1ffe },
  ]);
});

test("a PMT gives PCR PID, streams with their descriptors, and the PIDs of conditional access", () => {
  const ca = [0x09, 4, 0x06, 0x04, 0xe4, 0x56];
  const pmt = readPmt(bytes(pmtSection([0x06, 0xe1, 0x02, 0xf0, 9, 0x6a, 1, 0, ...ca])));
  expect(pmt).toMatchObject({ programNumber: 1, pcrPid: 0x100, caPids: [0x456] });
  expect(pmt.streams.map((stream) => [stream.pid, streamKind(stream)])).toEqual([
    [0x100, { name: "h264", media: "video" }],
    [0x101, { name: "aac", media: "audio" }],
    [0x102, { name: "private", media: "audio" }],
  ]);
  expect(readCat(bytes(section(0x01, 0xffff, ca)))).toEqual([0x456]);
});

test("stream types without a name go by their number", () => {
  expect(streamKind({ pid: 1, streamType: 0xd1, descriptorTags: [] })).toEqual({
    name: "0xd1",
    media: "data",
  });
});

test("an SDT names the service that is asked for", () => {
  const sdt = bytes(sdtSection("Ünïcode", "Wir"));
  expect(readSdtService(sdt, 1)).toEqual({ name: "Ünïcode", provider: "Wir" });
  expect(readSdtService(sdt, 2)).toBeUndefined();
});

test("texts are decoded by their leading table code", () => {
  expect(decodeDvbText(bytes([]))).toBe("");
  expect(decodeDvbText(bytes([0x41, 0x86, 0x42, 0x87]))).toBe("AB");
  expect(decodeDvbText(bytes([0x01, 0xb0]))).toBe("А"); // ISO 8859-5
  expect(decodeDvbText(bytes([0x10, 0x00, 0x02, 0xb1]))).toBe("ą"); // ISO 8859-2
  expect(decodeDvbText(bytes([0x11, 0x20, 0xac]))).toBe("€");
  expect(decodeDvbText(bytes([0x15, 0xe2, 0x82, 0xac]))).toBe("€");
});

test("tables and texts of any bytes never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 300 }), (any) => {
      readPat(any);
      readPmt(any);
      readCat(any);
      readSdtService(any, any[11]! * 256 + any[12]!);
      decodeDvbText(any);
    }),
  );
});
