import { expect, test } from "vitest";
import type { Gop } from "../media/gop.ts";
import { DeferredSource } from "./deferred-source.ts";
import type { Source } from "./source.ts";

class Recording implements Source {
  closed = 0;
  readonly #gops: Gop[] = [{} as Gop];

  async next(): Promise<Gop | undefined> {
    return this.#gops.shift();
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

test("gives what the source gives, once that is there", async () => {
  const source = new Recording();
  const deferred = new DeferredSource(async () => source);
  expect(await deferred.next()).toBeDefined();
  expect(await deferred.next()).toBeUndefined();
  await Promise.all([deferred.close(), deferred.close()]);
  expect(source.closed).toBe(1);
});

test("closes a source that was not there yet when it was closed", async () => {
  const source = new Recording();
  const opening = Promise.withResolvers<Source>();
  const deferred = new DeferredSource(() => opening.promise);
  const closed = deferred.close();
  opening.resolve(source);
  await closed;
  expect(source.closed).toBe(1);
});

test("a source that cannot be opened is its reader's failure, and can be closed", async () => {
  const deferred = new DeferredSource(() => Promise.reject(new Error("no")));
  await new Promise((resolve) => setImmediate(resolve));
  await expect(deferred.next()).rejects.toThrow("no");
  await deferred.close();
});
