import fc from "fast-check";
import { expect, it } from "vitest";
import { type Asked, Machine } from "./spawn-budget.fixtures.ts";
import { URGENCIES, type Urgency } from "./spawn-request.ts";

/** What may happen to a budget: somebody comes, somebody goes, time passes, the machine changes. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ ask: fc.constantFrom(...URGENCIES), owner: fc.nat({ max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ leave: fc.nat({ max: 50 }), tookMs: fc.constantFrom(0, 300, 3_000) }) },
  { weight: 1, arbitrary: fc.record({ giveUp: fc.nat({ max: 50 }) }) },
  { weight: 3, arbitrary: fc.record({ passMs: fc.nat({ max: 4_000 }) }) },
  { weight: 1, arbitrary: fc.record({ availableMiB: fc.constantFrom(50, 200, 500, 4_000) }) },
);

it("whatever happens: never above the cap, never a preparation before a viewer, at the end everything is free", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(happening, { minLength: 5, maxLength: 60 }),
      async (maxConcurrent, startsPerSecond, happenings) => {
        const machine = new Machine({ maxConcurrent, startsPerSecond });
        const { clock, budget } = machine;
        machine.availableMiB = 4_000;
        const owners = Array.from({ length: 6 }, () => ({}));
        const waiting: { asked: Asked; urgency: Urgency }[] = [];
        let running: Asked[] = [];
        let leaving = 0;
        const settle = () => {
          for (const entry of [...waiting]) {
            if (!entry.asked.permit) continue;
            waiting.splice(waiting.indexOf(entry), 1);
            running.push(entry.asked);
          }
          // Whoever is asked to let go does so.
          const going = running.filter(({ letGo }) => letGo);
          running = running.filter((asked) => !going.includes(asked));
          for (const asked of going) asked.permit!.leave();
          expect(running.length).toBeLessThanOrEqual(maxConcurrent);
          expect(budget.figures.running).toBeLessThanOrEqual(maxConcurrent);
        };
        for (const each of happenings) {
          if ("ask" in each) {
            const owner = each.ask === "preparation" ? {} : owners[each.owner]!;
            waiting.push({ asked: machine.ask(each.ask, owner), urgency: each.ask });
          } else if ("leave" in each) {
            const [asked] = running.splice(each.leave % Math.max(1, running.length), 1);
            if (asked) {
              leaving++;
              asked.permit!.leave(clock.sleep(each.tookMs).finally(() => leaving--));
            }
          } else if ("giveUp" in each) {
            const [entry] = waiting.splice(each.giveUp % Math.max(1, waiting.length), 1);
            entry?.asked.abort.abort(new Error("gone"));
          } else if ("availableMiB" in each) machine.availableMiB = each.availableMiB;
          const before = new Set(running);
          await clock.advance("passMs" in each ? each.passMs : 0);
          settle();
          const begun = running.filter((asked) => !before.has(asked));
          const isPlain = !("passMs" in each);
          // Within one moment, whoever waits for a viewer was refused what a preparation would have got.
          if (isPlain && begun.length > 0 && waiting.some(({ urgency }) => urgency === "viewer")) {
            expect(begun.every((asked) => owners.includes(asked.owner))).toBe(true);
          }
        }
        // When all is well again, everybody gets a place.
        machine.availableMiB = 8_000;
        for (let round = 0; round < 200 && (waiting.length > 0 || running.length > 0); round++) {
          await clock.advance(1_000);
          settle();
          for (const asked of running.splice(0)) asked.permit!.leave();
        }
        await clock.advance(10_000);
        expect([waiting.length, leaving]).toEqual([0, 0]);
        expect(budget.figures).toMatchObject({ running: 0, waiting: { viewer: 0, next: 0, preparation: 0 } });
        expect(clock.pending).toBe(0);
      },
    ),
    { numRuns: 150 },
  );
});
