import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  END_REASONS,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  type SessionStateName,
  transition,
} from "./state.ts";

const limits = { firstByteMs: 60_000, idleAfterMs: 10_000, idleTimeoutMs: 300_000, maxErrors: 3 };
const NOW = 1_000_000;
const silentFor = (ms: number): SessionInput => ({ type: "look", activityMs: NOW - ms });

const INPUTS: Readonly<Record<string, SessionInput>> = {
  bytes: { type: "bytes" },
  error: { type: "error" },
  recovered: { type: "recovered" },
  "9 s silent": silentFor(9_999),
  "10 s silent": silentFor(10_000),
  "60 s silent": silentFor(60_000),
  "300 s silent": silentFor(300_000),
  ...Object.fromEntries(END_REASONS.map((reason) => [reason, { type: "end", reason }])),
};

/** Where each input leads from each state, with the reason; `-` stays. The reason of an end is its own name. */
const TABLE: Readonly<Record<Exclude<SessionStateName, "disconnected">, Readonly<Record<string, string>>>> = {
  created: {
    bytes: "active first_byte",
    error: "error error",
    recovered: "-",
    "9 s silent": "-",
    "10 s silent": "-",
    "60 s silent": "disconnected idle_timeout",
    "300 s silent": "disconnected idle_timeout",
  },
  active: {
    bytes: "-",
    error: "error error",
    recovered: "-",
    "9 s silent": "-",
    "10 s silent": "idle no_drain",
    "60 s silent": "idle no_drain",
    "300 s silent": "idle no_drain, disconnected idle_timeout",
  },
  idle: {
    bytes: "active drain_resumed",
    error: "error error",
    recovered: "-",
    "9 s silent": "-",
    "10 s silent": "-",
    "60 s silent": "-",
    "300 s silent": "disconnected idle_timeout",
  },
  error: {
    bytes: "-",
    error: "-",
    recovered: "active recovered",
    "9 s silent": "-",
    "10 s silent": "-",
    "60 s silent": "-",
    "300 s silent": "disconnected idle_timeout",
  },
};

function inWords(effects: readonly SessionEffect[]): string {
  const changes = effects.flatMap((effect) =>
    effect.type === "changed" ? [`${effect.to} ${effect.reason}`] : [],
  );
  return changes.join(", ") || "-";
}

describe.each(Object.entries(TABLE))("%s", (name, row) => {
  const state: SessionState = {
    name: name as SessionStateName,
    errorRun: name === "error" ? 1 : 0,
  };

  test.each(Object.entries(INPUTS))("on %s", (word, input) => {
    const expected = row[word] ?? `disconnected ${word}`;
    const [next, effects] = transition(state, input, NOW, limits);
    expect(inWords(effects)).toBe(expected);
    expect(next.name).toBe(/(\w+) \w+$/.exec(expected)?.[1] ?? name);
    const isOver = next.name === "disconnected";
    expect(effects.filter(({ type }) => type === "release").length).toBe(isOver ? 1 : 0);
    expect(next.endReason).toBe(isOver ? expected.split(" ").at(-1) : undefined);
  });
});

test.each(Object.entries(INPUTS))("disconnected is for ever, also on %s", (_, input) => {
  const over: SessionState = { name: "disconnected", errorRun: 0, endReason: "off_air" };
  expect(transition(over, input, NOW, limits)).toEqual([over, []]);
});

test("errors in a row end a session, errors with recovery between them do not", () => {
  const run = (...words: string[]) => {
    let state: SessionState = { name: "active", errorRun: 0 };
    for (const word of words) state = transition(state, INPUTS[word]!, NOW, limits)[0];
    return [state.name, state.endReason];
  };
  expect(run("error", "error")).toEqual(["error", undefined]);
  expect(run("error", "bytes", "error", "error")).toEqual(["disconnected", "too_many_errors"]);
  expect(run("error", "error", "recovered", "error", "error")).toEqual(["error", undefined]);
});

test("with a limit of one the first error is told before the end", () => {
  const [, effects] = transition({ name: "active", errorRun: 0 }, { type: "error" }, NOW, {
    ...limits,
    maxErrors: 1,
  });
  expect(inWords(effects)).toBe("error error, disconnected too_many_errors");
});

/** The arrows of the guide's diagram, and those that any state has into the end. */
const ARROWS = new Set([
  ...["created→active", "active→idle", "idle→active", "active→error", "error→active"],
  ...["created→error", "idle→error"],
  ...["created", "active", "idle", "error"].map((name) => `${name}→disconnected`),
]);

test("no sequence leaves the diagram, or frees a slot twice or never", () => {
  const step = fc.oneof(
    fc.constantFrom<SessionInput>({ type: "bytes" }, { type: "error" }, { type: "recovered" }),
    fc.nat({ max: 400_000 }).map(silentFor),
    fc.constantFrom(...END_REASONS).map((reason): SessionInput => ({ type: "end", reason })),
  );
  const anyLimits = fc.record({
    ...{ firstByteMs: fc.nat({ max: 90_000 }), idleAfterMs: fc.nat({ max: 20_000 }) },
    ...{ idleTimeoutMs: fc.nat({ max: 400_000 }), maxErrors: fc.integer({ min: 1, max: 5 }) },
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), anyLimits, (steps, given) => {
      let state: SessionState = { name: "created", errorRun: 0 };
      let released = 0;
      for (const input of [...steps, { type: "end", reason: "shutdown" } as const]) {
        const [next, effects] = transition(state, input, NOW, given);
        let at = state.name;
        for (const effect of effects) {
          if (effect.type === "release") {
            released++;
            expect([at, effect.reason]).toEqual(["disconnected", next.endReason]);
            continue;
          }
          expect(effect.from).toBe(at);
          expect(ARROWS.has(`${effect.from}→${effect.to}`)).toBe(true);
          at = effect.to;
        }
        expect(at).toBe(next.name);
        if (next.name !== "disconnected") expect(next.errorRun).toBeLessThan(given.maxErrors);
        if (next.name === "active") expect(next.errorRun).toBe(0);
        state = next;
      }
      expect([state.name, released]).toEqual(["disconnected", 1]);
    }),
  );
});
