import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../base/random.ts";
import { FAILURE_ROWS, type FailureClass } from "../ffmpeg/failures.ts";
import { SourceSuspendedError } from "../source/breakers.ts";
import { again, climb, errorOf } from "./restart-policy.fixtures.ts";
import { beginning, decide, type RestartState, runFailure } from "./restart-policy.ts";

describe("whatever fails", () => {
  const run = fc.record({
    name: fc.option(fc.constantFrom(...FAILURE_ROWS.map((row) => row.class)), { nil: undefined }),
    stalled: fc.boolean(),
    suspendedMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined, freq: 8 }),
    isRemote: fc.boolean(),
  });
  const errorsOf = (each: {
    name: FailureClass | undefined;
    stalled: boolean;
    suspendedMs: number | undefined;
  }) =>
    each.suspendedMs === undefined
      ? errorOf(each.name, each.stalled ? "encoder_stalled" : "encoder_failed")
      : new SourceSuspendedError(each.suspendedMs, undefined);

  it("starts are bounded, however the dice fall: a ladder per place, then one per second and place", () => {
    fc.assert(
      fc.property(
        fc.array(run, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer(),
        (runs, places, seed) => {
          for (const random of [() => 0, seededRandom(seed)]) {
            const taken = climb(
              runs.map((each) => ({ error: errorsOf(each), isRemote: each.isRemote })),
              { places, random },
            );
            const tried = taken.filter(({ name }) => name !== "given_up");
            const counted = tried.filter(({ name }) => name !== "waiting").length;
            const lastMs = tried.at(-1)?.atMs ?? 0;
            const suspensions = runs.filter((each) => each.suspendedMs !== undefined).length;
            expect(counted - suspensions).toBeLessThanOrEqual(places * (9 + lastMs / 1000));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("each place has its turn before any has a second ladder", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.integer(),
        fc.option(
          fc.constantFrom<FailureClass>("gone", "missing", "connection_reset", "corrupt", "damaged_content"),
        ),
        (places, seed, name) => {
          const taken = climb(again(places * 9, { error: errorOf(name ?? undefined) }), {
            places,
            random: seededRandom(seed),
          });
          expect(new Set([0, ...taken.map(({ place }) => place)]).size).toBe(places);
          const order = taken
            .map(({ place }) => place)
            .filter((place, index, all) => place !== all[index - 1]);
          expect(order.filter((place) => place > 0).slice(0, places - 1)).toEqual(
            Array.from({ length: places - 1 }, (_, at) => at + 1),
          );
        },
      ),
    );
  });

  it("the same dice give the same steps, and the state is data", () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 60 }), fc.integer(), (runs, seed) => {
        const failures = runs.map((each) => ({ error: errorsOf(each) }));
        const once = climb(failures, { places: 3, random: seededRandom(seed) });
        expect(climb(failures, { places: 3, random: seededRandom(seed) })).toEqual(once);
      }),
    );
    const state: RestartState = beginning(2);
    const before = structuredClone(state);
    decide(state, runFailure(errorOf(), false), { nowMs: 5, random: () => 0.5, keepsTrying: true });
    expect(state).toEqual(before);
  });
});
