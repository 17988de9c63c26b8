import fc from "fast-check";
import { expect, test } from "vitest";
import { PACKET_BYTES, PacketReader } from "./packet-reader.ts";

function packets(count: number): Uint8Array {
  const bytes = new Uint8Array(count * PACKET_BYTES);
  for (let index = 0; index < count; index++) bytes.set([0x47, 0, 0, 0x10, index], index * PACKET_BYTES);
  return bytes;
}

function read(chunks: readonly Uint8Array[]) {
  const found: number[] = [];
  const faults: string[] = [];
  const reader = new PacketReader({
    onPacket: (bytes, at) => found.push(bytes[at + 4]!),
    onSyncByteError: (position) => faults.push(`byte ${position}`),
    onSyncLoss: (position) => faults.push(`loss ${position}`),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { found, faults, skipped: reader.skippedBytes, pending: reader.pendingBytes };
}

test("packets come out whole whatever the chunks are", () => {
  const bytes = packets(12);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 })), (sizes) => {
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      const { found, faults, skipped, pending } = read([...chunks, bytes.subarray(at)]);
      expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect([faults, skipped, pending]).toEqual([[], 0, 0]);
    }),
  );
});

test("five good sync bytes make a stream, four do not", () => {
  expect(read([packets(4)])).toMatchObject({ found: [], pending: 4 * PACKET_BYTES });
  expect(read([packets(5)]).found).toHaveLength(5);
});

test("garbage before the first packet is skipped, also when it holds sync bytes", () => {
  const garbage = new Uint8Array(1000).fill(0x47, 100, 103);
  expect(read([garbage, packets(6)])).toEqual({
    found: [0, 1, 2, 3, 4, 5],
    faults: [],
    skipped: 1000,
    pending: 0,
  });
});

test("one bad sync byte costs one packet; two in a row lose the sync until five good ones", () => {
  const one = packets(10);
  one[6 * PACKET_BYTES] = 0;
  expect(read([one])).toMatchObject({
    found: [0, 1, 2, 3, 4, 5, 7, 8, 9],
    faults: ["byte 1128"],
    skipped: 188,
  });
  const two = packets(13);
  two[6 * PACKET_BYTES] = 0;
  two[7 * PACKET_BYTES] = 0;
  expect(read([two])).toMatchObject({
    found: [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12],
    faults: ["byte 1128", "byte 1316", "loss 1128"],
    skipped: 376,
  });
});

test("a long stream of other bytes is passed over in bounded memory", () => {
  const result = read(Array.from({ length: 50 }, () => new Uint8Array(100_000)));
  expect(result).toMatchObject({ found: [], skipped: 5_000_000, pending: 0 });
});
