import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../base/errors.ts";
import { frameCount, type Gop, sample } from "../media/gop.ts";
import { encoderOutput, FIXTURE_FORMAT, FIXTURE_FRAMES } from "./encoder-output.fixtures.ts";
import { FragmentReader } from "./fragment-reader.ts";
import { GopAssembler } from "./gop-assembler.ts";

const START = { firstFrame: 0, firstAudioFrame: 0, droppedAudioFrames: 1 };
let output: Buffer;

beforeAll(() => {
  output = encoderOutput();
});

/** Everything that can be read from `bytes`, cut into pieces of `pieceBytes`. */
function read(bytes: Uint8Array, pieceBytes: number, proper = true): Gop[] {
  const reader = new FragmentReader();
  const assembler = new GopAssembler(FIXTURE_FORMAT, START);
  const gops: Gop[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const fragment of reader.push(bytes.subarray(at, at + pieceBytes))) {
      gops.push(...assembler.push(fragment, reader.init!));
    }
  }
  if (proper && reader.init) gops.push(...assembler.finish(reader.init));
  return gops;
}

/** A Gop's content without the buffers it is stored in. */
function content(gop: Gop): unknown {
  const units = Array.from(gop.video.sizes, (_, index) =>
    Buffer.from(sample(gop.video, index)).toString("base64"),
  );
  const audio = Array.from(gop.audio.sizes, (_, index) =>
    Buffer.from(sample(gop.audio, index)).toString("base64"),
  );
  return {
    frame: gop.firstFrame,
    order: [...gop.displayOrder],
    units,
    audioFrame: gop.firstAudioFrame,
    audio,
  };
}

describe("FragmentReader and GopAssembler", () => {
  it("give whole Gops with the audio of their span and one frame on either side", () => {
    const gops = read(output, 65_536);
    expect(gops.map(frameCount)).toEqual([25, 25, 10]);
    expect(gops.map((gop) => gop.firstFrame)).toEqual([0, 25, 50]);
    expect(gops.map((gop) => gop.firstAudioFrame)).toEqual([0, 46, 93]);
    expect(gops.map((gop) => gop.audio.sizes.length)).toEqual([48, 49, 21]);
    expect(gops.reduce((frames, gop) => frames + frameCount(gop), 0)).toBe(FIXTURE_FRAMES);
    for (const gop of gops) {
      expect([...gop.displayOrder].sort((a, b) => a - b)).toEqual([...gop.displayOrder.keys()]);
      expect(gop.parameters.sps[0]! & 31).toBe(7);
      expect(gop.parameters.pps[0]! & 31).toBe(8);
      expect([...gop.parameters.audioConfig.subarray(0, 2)]).toEqual([0x11, 0x90]);
    }
  });

  it("give the same Gops however the bytes are cut", () => {
    const expected = read(output, output.length).map(content);
    for (const pieceBytes of [1, 7, 188, 4096, 65_537]) {
      expect(read(output, pieceBytes).map(content)).toEqual(expected);
    }
  });

  it("never return a Gop that was cut off by the encoder's death", () => {
    const whole = read(output, 65_536).map(content);
    fc.assert(
      fc.property(fc.nat(output.length), (length) => {
        const gops = read(output.subarray(0, length), 4096, false).map(content);
        expect(gops).toEqual(whole.slice(0, gops.length));
      }),
      { numRuns: 60 },
    );
  });

  it("answer mutated bytes with a typed error or with Gops, never with a crash or an endless loop", () => {
    const mutation = fc.record({
      at: fc.nat(output.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      how: fc.constantFrom("overwrite", "insert", "delete"),
    });
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 64, max: 70_000 }),
        (all, cut) => {
          let bytes = Buffer.from(output);
          for (const { at, bytes: change, how } of all) {
            const place = at % bytes.length;
            if (how === "overwrite") bytes.set(change.subarray(0, bytes.length - place), place);
            else {
              const kept = bytes.subarray(
                how === "delete" ? Math.min(bytes.length, place + change.length) : place,
              );
              bytes = Buffer.concat(
                [bytes.subarray(0, place), how === "delete" ? "" : change, kept].map((part) =>
                  Buffer.from(part),
                ),
              );
            }
          }
          expectTyped(() => read(bytes, cut));
        },
      ),
      { numRuns: 400 },
    );
  });

  it("answer mutated headers likewise (where the lengths are)", () => {
    const header = 1400;
    fc.assert(
      fc.property(fc.nat(header), fc.uint8Array({ minLength: 1, maxLength: 4 }), (at, change) => {
        const bytes = Buffer.from(output.subarray(0, header + 40_000));
        bytes.set(change, at);
        expectTyped(() => read(bytes, 4096));
      }),
      { numRuns: 400 },
    );
  });

  it("refuse boxes that claim more than they may", () => {
    const claim = (type: string, size: number) => {
      const box = Buffer.alloc(8);
      box.writeUInt32BE(size);
      box.write(type, 4, "latin1");
      return box;
    };
    expect(() => new FragmentReader().push(claim("moov", 0x7fffffff))).toThrow(/claims 2147483647 bytes/);
    expect(() => new FragmentReader().push(claim("moof", 4))).toThrow(/smaller than its own header/);
    expect(() => new FragmentReader().push(claim("moof", 8))).toThrow(/before 'moov'/);
  });
});

function expectTyped(action: () => unknown): void {
  try {
    action();
  } catch (failure) {
    expect(failure).toBeInstanceOf(AppError);
    expect(["fragment_malformed", "gop_contract"]).toContain((failure as AppError).code);
  }
}
