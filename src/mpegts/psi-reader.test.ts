import fc from "fast-check";
import { expect, test } from "vitest";
import { SectionReader } from "./psi-reader.ts";

function makeSection(id: number, bodyBytes: number): number[] {
  return [id, 0xb0 | (bodyBytes >> 8), bodyBytes & 0xff, ...new Array(bodyBytes).fill(id)];
}

function reader() {
  const sections: number[][] = [];
  const broken = { count: 0 };
  const made = new SectionReader(
    (section) => sections.push([...section]),
    () => (broken.count += 1),
  );
  const push = (payload: readonly number[], start: boolean) => {
    made.push(Uint8Array.from(payload), 0, payload.length, start);
  };
  return { made, push, sections, broken };
}

/** Packets of `size` payload bytes for sections laid end to end (ISO/IEC 13818-1 2.4.4.2). */
function payloads(sections: readonly number[][], size: number): { payload: number[]; start: boolean }[] {
  const starts = new Set<number>();
  let total = 0;
  for (const section of sections) {
    starts.add(total);
    total += section.length;
  }
  const bytes = sections.flat();
  const made: { payload: number[]; start: boolean }[] = [];
  for (let at = 0; at < total; ) {
    const first = [...starts].find((start) => start >= at && start < at + size - 1);
    const room = first === undefined ? size : size - 1;
    const payload = bytes.slice(at, at + room);
    const pointer = first === undefined ? [] : [first - at];
    const stuffing = new Array(room - payload.length).fill(0xff);
    made.push({ payload: [...pointer, ...payload, ...stuffing], start: first !== undefined });
    at += room;
    // A section that would begin in the last byte of an unmarked packet is left to the next one.
    const swallowed =
      first === undefined && [...starts].some((start) => start >= at - room && start < at && start > 0);
    if (swallowed) throw new Error("the test laid a start into a packet that does not say so");
  }
  return made;
}

test("sections come out whole, several to a packet or over many packets", () => {
  const sections = [makeSection(1, 9), makeSection(2, 400), makeSection(3, 20), makeSection(4, 1000)];
  for (const size of [184, 100]) {
    const { push, sections: found, broken } = reader();
    for (const { payload, start } of payloads(sections, size)) push(payload, start);
    expect(found).toEqual(sections);
    expect(broken.count).toBe(0);
  }
});

test("what was begun before the first start, and what follows a loss, is left out", () => {
  const { made, push, sections, broken } = reader();
  const long = makeSection(1, 300);
  push(long.slice(100), false);
  push([0, ...long.slice(0, 183)], true);
  made.reset();
  push(long.slice(183), false);
  push([0, ...makeSection(2, 9), 0xff, 0xff], true);
  expect(sections.map((section) => section[0])).toEqual([2]);
  expect(broken.count).toBe(0);
});

test("a section that the next start cuts short, and a pointer beyond the packet, are told", () => {
  const { push, sections, broken } = reader();
  push([0, ...makeSection(1, 300).slice(0, 183)], true);
  push([0, ...makeSection(2, 9)], true);
  push([200, 1, 2, 3], true);
  expect(sections.map((section) => section[0])).toEqual([2]);
  expect(broken.count).toBe(2);
});

test("any payloads are taken without throwing", () => {
  const payload = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 184 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(payload), (pushes) => {
      const { push } = reader();
      for (const [bytes, start] of pushes) push([...bytes], start);
    }),
  );
});
