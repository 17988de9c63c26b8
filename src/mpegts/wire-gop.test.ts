import fc from "fast-check";
import { expect, it } from "vitest";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import { Splicer } from "../splice/splicer.ts";
import { formatFor, TestStream } from "./constant-rate.fixtures.ts";
import { PACKET_BYTES } from "./packets.ts";
import { wireBytesDue } from "./wire-gop.ts";

const format = formatFor(rational(30_000, 1001), 2_000_000, 128_000);

function stream(bps: number | undefined): TestStream {
  const made = new TestStream(format, new Splicer(format));
  for (let seed = 0; seed < 5; seed++) {
    made.add(syntheticGop({ format, frames: 30, seed, maxUnitBytes: 14_000, level: 40 }), bps);
  }
  return made;
}

it.each([undefined, 2_000_000, 3_999_999])(
  "lets whole packets go, never fewer as time goes on: %s bit/s",
  (bps) => {
    const { pieces } = stream(bps);
    const moments = fc.array(fc.double({ min: -5, max: 200, noNaN: true }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(fc.constantFrom(...pieces), moments, (piece, positions) => {
        let before = 0;
        for (const position of positions.sort((a, b) => a - b)) {
          const due = wireBytesDue(piece, position);
          expect(due % PACKET_BYTES).toBe(0);
          expect(due).toBeGreaterThanOrEqual(before);
          expect(due).toBeLessThanOrEqual(piece.bytes.length);
          if (position < piece.frame) expect(due).toBe(0);
          before = due;
        }
        expect(wireBytesDue(piece, piece.frame + 100)).toBe(piece.bytes.length);
      }),
    );
  },
);

it("lets go, over all pieces, exactly the bytes that the rate allows", () => {
  const bps = 3_000_001;
  const { pieces } = stream(bps);
  for (let position = 0; position < 149; position += 0.37) {
    const sent = pieces.reduce((sum, piece) => sum + wireBytesDue(piece, position), 0);
    const seconds = (position * 1001) / 30_000;
    expect(sent).toBe((Math.floor((seconds * bps) / (8 * PACKET_BYTES) + 1e-6) + 1) * PACKET_BYTES);
  }
});
