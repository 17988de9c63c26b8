import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { Artefacts } from "./artefacts.ts";
import { RenderQueue } from "./render-queue.ts";
import { ScreenCache } from "./screen-cache.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-artefacts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const KEYS = ["a", "b", "c", "d"].map((letter) => letter.repeat(64));
const demand = { urgent: false, keep: true };

class Bench {
  readonly clock = new ManualClock();
  readonly failures: unknown[] = [];
  readonly queue = new RenderQueue();
  readonly disk: ScreenCache;
  readonly made: string[] = [];

  constructor(at: string, maxBytes = 100_000) {
    const onFailure = (failure: unknown) => this.failures.push(failure);
    this.disk = new ScreenCache({ folder: at, maxBytes, clock: this.clock, onFailure });
  }

  artefacts(maxBytes = 100_000) {
    return new Artefacts<{ text: string }>(this.queue, this.disk, maxBytes);
  }

  recipe(key: string, content = `content of ${key[0]}`) {
    return {
      key,
      render: async () => {
        this.made.push(key[0]!);
        return Buffer.from(content);
      },
      read: (bytes: Uint8Array) => {
        const text = Buffer.from(bytes).toString();
        if (!text.startsWith("content")) throw new Error("not what it should be");
        return { text };
      },
    };
  }
}

test("is made once, then found in memory, and after a restart on disk", async () => {
  const bench = new Bench(folder);
  const artefacts = bench.artefacts();
  const [one, other] = await Promise.all([
    artefacts.get(bench.recipe(KEYS[0]!), demand),
    artefacts.get(bench.recipe(KEYS[0]!), demand),
  ]);
  expect(other).toBe(one);
  expect(await artefacts.get(bench.recipe(KEYS[0]!), demand)).toBe(one);
  expect(await bench.artefacts().get(bench.recipe(KEYS[0]!), demand)).toEqual({ text: "content of a" });
  expect(bench.made).toEqual(["a"]);
  expect(bench.failures).toEqual([]);
});

test.each([
  [
    "a flipped bit",
    (file: string) => {
      const bytes = readFileSync(file);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(file, bytes);
    },
  ],
  ["a file cut off", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 40))],
  ["an empty file", (file: string) => writeFileSync(file, "")],
])("%s on disk is noticed, and made anew", async (_, damage) => {
  const bench = new Bench(folder);
  await bench.artefacts().get(bench.recipe(KEYS[0]!), demand);
  damage(join(folder, readdirSync(folder)[0]!));
  expect(await bench.artefacts().get(bench.recipe(KEYS[0]!), demand)).toEqual({ text: "content of a" });
  expect(await bench.artefacts().get(bench.recipe(KEYS[0]!), demand)).toEqual({ text: "content of a" });
  expect(bench.made).toEqual(["a", "a"]);
});

test("an entry that is whole but of no use is made anew", async () => {
  const bench = new Bench(folder);
  await bench.disk.put(KEYS[0]!, Buffer.from("something else"));
  expect(await bench.artefacts().get(bench.recipe(KEYS[0]!), demand)).toEqual({ text: "content of a" });
  expect(await bench.disk.get(KEYS[0]!)).toEqual(Buffer.from("content of a"));
});

test("what is not worth keeping stays off the disk", async () => {
  const bench = new Bench(folder);
  await bench.artefacts().get(bench.recipe(KEYS[0]!), { urgent: true, keep: false });
  expect(readdirSync(folder)).toEqual([]);
});

test("memory is bounded: what was not asked for the longest time goes", async () => {
  const bench = new Bench(folder);
  const artefacts = bench.artefacts(30);
  const ask = (index: number) => artefacts.get(bench.recipe(KEYS[index]!), { urgent: false, keep: false });
  for (const index of [0, 1, 0, 2, 0, 1]) await ask(index);
  expect(bench.made).toEqual(["a", "b", "c", "b"]);
  expect(artefacts.bytes).toBeLessThanOrEqual(30);
});

test("the disk is bounded too, and remains of a crash are removed", async () => {
  const bench = new Bench(folder, 150);
  writeFileSync(join(folder, `${KEYS[0]}.screen.new-123`), "half of something");
  for (const [index, key] of KEYS.slice(0, 3).entries()) {
    await bench.disk.put(key, Buffer.alloc(18, "x"));
    utimesSync(join(folder, `${key}.screen`), 1000 + index, 1000 + index);
  }
  await bench.disk.get(KEYS[0]!);
  await bench.disk.put(KEYS[3]!, Buffer.alloc(18, "x"));
  expect(readdirSync(folder).sort()).toEqual([KEYS[0], KEYS[2], KEYS[3]].map((key) => `${key}.screen`));
  await bench.disk.put(KEYS[1]!, Buffer.alloc(1000));
  expect(existsSync(join(folder, `${KEYS[1]}.screen`))).toBe(false);
});

test("a disk that cannot be written is told, and nothing is missing", async () => {
  const file = join(folder, "a file");
  writeFileSync(file, "");
  const bench = new Bench(join(file, "below it"));
  expect(await bench.artefacts().get(bench.recipe(KEYS[0]!), demand)).toEqual({ text: "content of a" });
  expect(bench.failures.length).toBeGreaterThan(0);
  expect(statSync(file).size).toBe(0);
});

test("a failure is everybody's who waits, and not remembered", async () => {
  const bench = new Bench(folder);
  const artefacts = bench.artefacts();
  let isBroken = true;
  const recipe = bench.recipe(KEYS[0]!);
  const flaky = {
    ...recipe,
    render: () => (isBroken ? Promise.reject(new Error("broken")) : recipe.render()),
  };
  const both = await Promise.allSettled([artefacts.get(flaky, demand), artefacts.get(flaky, demand)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  isBroken = false;
  expect(await artefacts.get(flaky, demand)).toEqual({ text: "content of a" });
});

describe("the queue", () => {
  test("lets one run at a time, urgent ones first, each in its turn", async () => {
    const queue = new RenderQueue();
    const order: string[] = [];
    let running = 0;
    const gates = new Map<string, () => void>();
    const task = (name: string, isUrgent: boolean) =>
      queue.run(async () => {
        expect(++running).toBe(1);
        order.push(name);
        await new Promise<void>((resolve) => gates.set(name, resolve));
        running--;
        if (name === "b") throw new Error("b fails");
      }, isUrgent);
    const all = [task("a", false), task("b", false), task("c", false), task("U", true), task("V", true)];
    const ended = Promise.allSettled(all);
    for (const name of ["a", "U", "V", "b", "c"]) {
      await new Promise((resolve) => setImmediate(resolve));
      gates.get(name)!();
    }
    expect((await ended).map(({ status }) => status[0])).toEqual(["f", "r", "f", "f", "f"]);
    expect(order).toEqual(["a", "U", "V", "b", "c"]);
  });

  test("nobody slips in between one that ends and the next", async () => {
    const queue = new RenderQueue();
    let running = 0;
    const task = () =>
      queue.run(async () => {
        expect(++running).toBe(1);
        await Promise.resolve();
        running--;
      }, false);
    const first = task();
    const second = task();
    await Promise.all([first.then(task), second.then(task), first.then(task), second]);
  });

  test("is bounded, and turns away who waits when it closes", async () => {
    const queue = new RenderQueue();
    let release = () => {};
    const running = queue.run(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
      false,
    );
    const waiting = Array.from({ length: 2000 }, () => queue.run(async () => undefined, false));
    await expect(queue.run(async () => undefined, true)).rejects.toMatchObject({ code: "error_screen_busy" });
    const closed = queue.close(new Error("over"));
    const refused = await Promise.allSettled(waiting);
    expect(refused.every(({ status }) => status === "rejected")).toBe(true);
    release();
    await Promise.all([running, closed]);
    await expect(queue.run(async () => undefined, true)).rejects.toThrow("over");
  });
});
