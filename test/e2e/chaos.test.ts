import { describe, expect, it } from "vitest";
import { runCampaign } from "../../chaos/campaign.ts";
import { FAULTS } from "../../chaos/faults/catalogue.ts";

/** What a minute is enough for. `npm run chaos` tries the others. */
const SMOKE = ["2", "kills"];

describe("a minute of chaos", () => {
  it("costs three channels and twenty viewers nothing", async () => {
    const faults = FAULTS.filter(({ id }) => SMOKE.includes(id));
    const { results } = await runCampaign({ faults, seed: 60, lastingMs: 15_000 });
    expect(results.map(({ id, outcome, complaints }) => ({ id, outcome, complaints }))).toEqual(
      SMOKE.map((id) => ({ id, outcome: "passed", complaints: [] })),
    );
    expect(results.map(({ screenSeconds, disconnects }) => [screenSeconds, disconnects])).toEqual(
      SMOKE.map(() => [0, 0]),
    );
  });
});
