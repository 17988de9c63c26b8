import { expect, test } from "vitest";
import { Incidents } from "./incidents.ts";

const what = { channelId: 1, class: "gone", source: "/a.mp4" };

test("one incident for each channel, class and source, counted until it settles", () => {
  const incidents = new Incidents();
  const { incident, isNew } = incidents.occur(what, 1000);
  expect(isNew).toBe(true);
  expect(incidents.occur(what, 5000)).toEqual({ incident, isNew: false });
  expect(incident).toMatchObject({ id: 1, count: 2, firstMs: 1000, lastMs: 5000, closedMs: undefined });
  for (const other of [{ channelId: 2 }, { class: "killed" }, { source: "/b.mp4" }])
    expect(incidents.occur({ ...what, ...other }, 6000).isNew).toBe(true);
  expect(incidents.of(1)).toHaveLength(3);
  expect(incidents.settle(1, 5500, 9000)).toEqual([incident]);
  expect(incident.closedMs).toBe(9000);
  expect(incidents.of(1)).toHaveLength(2);
  expect(incidents.closed).toEqual([incident]);
  expect(incidents.occur(what, 10_000)).toMatchObject({ isNew: true, incident: { count: 1 } });
});

test("is bounded, whatever happens", () => {
  const incidents = new Incidents();
  for (let n = 0; n < 1000; n++) incidents.occur({ ...what, source: `/${n}` }, n);
  expect(incidents.of(1)).toHaveLength(200);
  expect(incidents.of(1).at(-1)?.source).toBe("/999");
  expect(incidents.closed).toHaveLength(200);
});
