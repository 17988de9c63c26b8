import { describe, expect, test } from "vitest";
import { Scope } from "./scope.ts";

const ticks = async (count = 5) => {
  for (let index = 0; index < count; index++) await Promise.resolve();
};

test("cleanups run last in, first out, one after the other", async () => {
  const scope = new Scope();
  const seen: string[] = [];
  scope.defer(() => void seen.push("first"));
  scope.defer(async () => {
    seen.push("second begins");
    await ticks();
    seen.push("second ends");
  });
  scope.defer(() => void seen.push("third"));
  await scope.close();
  expect(seen).toEqual(["third", "second begins", "second ends", "first"]);
});

test("the first cause wins, and closing twice gives the same promise", async () => {
  const scope = new Scope();
  const cause = new Error("encoder died");
  const first = scope.close(cause);
  expect(scope.close(new Error("late"))).toBe(first);
  await first;
  expect(scope.closed).toBe(true);
  expect(scope.signal.reason).toBe(cause);
});

test("the signal aborts at once, before any cleanup", async () => {
  const scope = new Scope();
  const seen: string[] = [];
  scope.signal.addEventListener("abort", () => seen.push("abort"));
  scope.defer(() => void seen.push("cleanup"));
  const closing = scope.close();
  expect(seen[0]).toBe("abort");
  await closing;
  expect(seen).toEqual(["abort", "cleanup"]);
});

test("a cleanup that was taken back does not run", async () => {
  const scope = new Scope();
  const seen: string[] = [];
  const takeBack = scope.defer(() => void seen.push("taken back"));
  scope.defer(() => void seen.push("kept"));
  takeBack();
  takeBack();
  await scope.close();
  expect(seen).toEqual(["kept"]);
});

test("every cleanup runs even when others fail; the failures are thrown together", async () => {
  const scope = new Scope();
  const seen: string[] = [];
  scope.defer(() => void seen.push("ran"));
  scope.defer(() => {
    throw new Error("sync");
  });
  scope.defer(async () => {
    throw new Error("async");
  });
  const failure = await scope.close().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(seen).toEqual(["ran"]);
  expect(failure).toBeInstanceOf(AggregateError);
  expect((failure as AggregateError).errors.map(String)).toEqual(["Error: async", "Error: sync"]);
});

test("await using closes the scope", async () => {
  const seen: string[] = [];
  {
    await using scope = new Scope();
    scope.defer(async () => {
      await ticks();
      seen.push("closed");
    });
  }
  expect(seen).toEqual(["closed"]);
});

describe("children", () => {
  test("end with the parent, with its cause, before what was registered earlier", async () => {
    const parent = new Scope();
    const seen: string[] = [];
    parent.defer(() => void seen.push("parent's, earlier"));
    const child = parent.child();
    child.defer(() => void seen.push("child's"));
    parent.defer(() => void seen.push("parent's, later"));
    const cause = new Error("stop");
    await parent.close(cause);
    expect(seen).toEqual(["parent's, later", "child's", "parent's, earlier"]);
    expect(child.signal.reason).toBe(cause);
  });

  test("that ended earlier are forgotten", async () => {
    const parent = new Scope();
    let runs = 0;
    const child = parent.child();
    child.defer(() => void runs++);
    await child.close();
    expect(parent.closed).toBe(false);
    await parent.close();
    expect(runs).toBe(1);
  });

  test("of a closed scope are closed", async () => {
    const parent = new Scope();
    const cause = new Error("over");
    const closing = parent.close(cause);
    expect(parent.child().closed).toBe(true);
    await closing;
    const child = parent.child();
    expect(child.closed).toBe(true);
    expect(child.signal.reason).toBe(cause);
  });
});

describe("while it closes", () => {
  test("a cleanup registered late runs at once, and close waits for it", async () => {
    const scope = new Scope();
    const seen: string[] = [];
    scope.defer(async () => {
      scope.defer(async () => {
        seen.push("late begins");
        await ticks(20);
        seen.push("late ends");
      });
      expect(seen).toEqual(["late begins"]);
    });
    await scope.close();
    expect(seen).toEqual(["late begins", "late ends"]);
  });

  test("the failure of a late cleanup is thrown by close", async () => {
    const scope = new Scope();
    scope.defer(() => {
      scope.defer(() => {
        throw new Error("late");
      });
    });
    await expect(scope.close()).rejects.toThrow(AggregateError);
  });

  test("an abort listener that closes it again gets the same promise", async () => {
    const scope = new Scope();
    let inner: Promise<void> | undefined;
    let done = false;
    scope.signal.addEventListener("abort", () => {
      expect(scope.closed).toBe(true);
      inner = scope.close(new Error("again"));
    });
    scope.defer(async () => {
      await ticks();
      done = true;
    });
    const outer = scope.close();
    expect(inner).toBe(outer);
    await inner;
    expect(done).toBe(true);
  });

  test("a cleanup that closes it again gets the same promise", async () => {
    const scope = new Scope();
    let inner: Promise<void> | undefined;
    scope.defer(() => {
      inner = scope.close();
    });
    const outer = scope.close();
    expect(inner).toBe(outer);
    await outer;
  });
});

test("a cleanup registered after the end runs before defer returns", async () => {
  const scope = new Scope();
  await scope.close();
  let ran = false;
  scope.defer(() => {
    ran = true;
  });
  expect(ran).toBe(true);
});
