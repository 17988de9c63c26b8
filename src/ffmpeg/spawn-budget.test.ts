import { describe, expect, it } from "vitest";
import { type Asked, Machine } from "./spawn-budget.fixtures.ts";
import type { Urgency } from "./spawn-request.ts";

const permits = (asked: readonly Asked[]) => asked.map(({ permit }) => permit !== undefined);

describe("places", () => {
  it("are given to the most urgent first, and in the order of asking", async () => {
    const machine = new Machine({ maxConcurrent: 1 });
    const first = machine.ask("next");
    await machine.clock.advance(0);
    const waiting = (["preparation", "next", "viewer", "next", "viewer"] as const).map((urgency) =>
      machine.ask(urgency),
    );
    const order: number[] = [];
    for (let running: Asked = first; order.length < waiting.length; ) {
      running.permit!.leave();
      await machine.clock.advance(0);
      const [next] = waiting.flatMap(({ permit }, index) =>
        permit && !order.includes(index) ? [index] : [],
      );
      order.push(next!);
      running = waiting[next!]!;
    }
    expect(order).toEqual([2, 4, 1, 3, 0]);
  });

  it("are asked for anew: what was next is served as a viewer's when it has come on", async () => {
    const machine = new Machine({ maxConcurrent: 1 });
    const first = machine.ask("viewer");
    await machine.clock.advance(0);
    let urgency: Urgency = "next";
    const later = [machine.ask("next"), machine.ask(() => urgency)];
    urgency = "viewer";
    first.permit!.leave();
    await machine.clock.advance(0);
    expect(permits(later)).toEqual([false, true]);
  });

  it("of an owner are its successor's at once, while the process is still being killed", async () => {
    const machine = new Machine({ maxConcurrent: 1 });
    const first = machine.ask("viewer");
    await machine.clock.advance(0);
    const gone = Promise.withResolvers<void>();
    first.permit!.leave(gone.promise);
    const [foreign, successor] = [machine.ask("viewer"), machine.ask("next", first.owner)];
    await machine.clock.advance(0);
    expect(permits([foreign, successor])).toEqual([false, true]);
    gone.resolve();
    await machine.clock.advance(0);
    expect(foreign.permit).toBeUndefined();
    successor.permit!.leave();
    await machine.clock.advance(0);
    expect(foreign.permit).toBeDefined();
  });

  it("that nobody waits for any more are given to nobody", async () => {
    const machine = new Machine({ maxConcurrent: 1 });
    const first = machine.ask("viewer");
    await machine.clock.advance(0);
    const [second, third] = [machine.ask("viewer"), machine.ask("viewer")];
    second.abort.abort(new Error("went away"));
    first.permit!.leave();
    await machine.clock.advance(0);
    expect(second.refused).toEqual(new Error("went away"));
    expect(third.permit).toBeDefined();
  });

  it("say why a viewer waits, once it has for a second; what is only next is told nothing", async () => {
    const machine = new Machine({ maxConcurrent: 1 });
    machine.ask("viewer");
    await machine.clock.advance(0);
    const [viewer, next] = [machine.ask("viewer"), machine.ask("next")];
    await machine.clock.advance(900);
    expect(viewer.reasons).toEqual([]);
    await machine.clock.advance(5_000);
    expect(viewer.reasons.map(({ code, message }) => [code, message])).toEqual([
      ["encoders_full", "1 encoder runs already. encoders.max_concurrent allows more."],
    ]);
    expect(next.reasons).toEqual([]);
    machine.budget.setLimits({ ...machine.limits, maxConcurrent: 3 });
    await machine.clock.advance(0);
    expect(permits([viewer, next])).toEqual([true, true]);
  });

  it("are given no faster than the rate of starts, whoever waits; preparation waits behind", async () => {
    const machine = new Machine({ startsPerSecond: 2 });
    const asked = Array.from({ length: 6 }, () => machine.ask("viewer"));
    const preparation = machine.ask("preparation");
    const given: number[] = [];
    for (let ms = 0; ms <= 2_000; ms += 500) {
      await machine.clock.advance(ms === 0 ? 0 : 500);
      given.push(asked.filter(({ permit }) => permit).length);
    }
    expect(given).toEqual([2, 3, 4, 5, 6]);
    expect(preparation.permit).toBeDefined();
    expect(asked.flatMap(({ reasons }) => reasons)).toEqual([]);
  });
});

describe("preparation", () => {
  it("makes way for a viewer that waits, the newest first and no more than is needed, and is begun anew", async () => {
    const machine = new Machine({ maxConcurrent: 2 });
    const { clock, budget } = machine;
    const runs = [0, 0];
    const ended: number[] = [];
    const prepare = (index: number) =>
      budget.prepare(async (signal) => {
        runs[index]!++;
        await clock.sleep(1_000, signal);
        ended.push(index);
      }, new AbortController().signal);
    const both = Promise.all([prepare(0), prepare(1)]);
    await clock.advance(500);
    const viewer = machine.ask("viewer");
    await clock.advance(0);
    expect(viewer.permit).toBeDefined();
    expect(budget.figures).toMatchObject({ preempted: 1, running: 2, waiting: { preparation: 1 } });
    await clock.advance(2_000);
    await both;
    expect([runs, ended]).toEqual([
      [1, 2],
      [0, 1],
    ]);
  });

  it("that fails or is broken off by its own signal is over", async () => {
    const { budget, clock } = new Machine();
    const never = new AbortController();
    const failing = budget.prepare(() => Promise.reject(new Error("broken")), never.signal);
    await expect(failing).rejects.toThrow("broken");
    const stopped = budget.prepare((signal) => clock.sleep(1_000, signal), never.signal);
    await clock.advance(10);
    never.abort(new Error("closing"));
    await expect(stopped).rejects.toThrow("closing");
    expect(budget.figures.running).toBe(0);
  });
});

describe("when memory falls below the reserve", () => {
  /** Three channels on air, one after the other, and a preparation. */
  async function onAir() {
    const machine = new Machine();
    machine.availableMiB = 4_000;
    const channels: Asked[] = [];
    for (let index = 0; index < 3; index++) {
      channels.push(machine.ask("viewer"));
      await machine.clock.advance(4_000);
    }
    return { machine, channels };
  }

  it("preparation makes way first, then the newest, one at a time and never the last", async () => {
    const { machine, channels } = await onAir();
    const preparation = machine.ask("preparation");
    await machine.clock.advance(1_000);
    machine.availableMiB = 100;
    const state = () => [...channels, preparation].map(({ letGo }) => letGo?.code);
    const seen: unknown[] = [];
    for (let second = 0; second < 12; second++) {
      await machine.clock.advance(1_000);
      for (const asked of [preparation, ...channels]) if (asked.letGo) asked.permit!.leave();
      if (JSON.stringify(state()) !== JSON.stringify(seen.at(-1))) seen.push(state());
    }
    expect(seen).toEqual([
      [undefined, undefined, undefined, "memory_short"],
      [undefined, undefined, "memory_short", "memory_short"],
      [undefined, "memory_short", "memory_short", "memory_short"],
    ]);
    expect(machine.budget.figures).toMatchObject({ shed: 2, running: 1 });
    expect(machine.news.map(({ type }) => type)).toEqual(["short", "shed", "shed"]);
  });

  it("whoever made way is told why, and is let in when there has been enough for five seconds", async () => {
    const { machine, channels } = await onAir();
    machine.availableMiB = 100;
    await machine.clock.advance(1_000);
    expect(channels[2]!.letGo?.message).toBe(
      "The machine has 100 MiB of memory left; encoders.memory_reserve_mb is kept free for what is on air.",
    );
    channels[2]!.permit!.leave();
    const again = machine.ask("viewer", channels[2]!.owner);
    // Above the reserve, and yet not enough for one more.
    machine.availableMiB = 300;
    await machine.clock.advance(20_000);
    expect([again.permit, again.reasons[0]?.code]).toEqual([undefined, "memory_short"]);
    machine.availableMiB = 600;
    await machine.clock.advance(1_000);
    expect(again.permit).toBeDefined();
    expect(machine.news.map(({ type }) => type)).toEqual(["short", "shed", "enough_again"]);
    machine.availableMiB = 100;
    await machine.clock.advance(1_000);
    again.permit!.leave();
    const third = machine.ask("viewer", again.owner);
    machine.availableMiB = 4_000;
    await machine.clock.advance(4_000);
    expect(third.permit).toBeUndefined();
    await machine.clock.advance(2_000);
    expect(third.permit).toBeDefined();
  });

  it("channels that stay go on to their next programmes and restart their encoders", async () => {
    const { machine, channels } = await onAir();
    machine.availableMiB = 100;
    await machine.clock.advance(1_000);
    const next = machine.ask("next", channels[0]!.owner);
    await machine.clock.advance(0);
    expect(next.permit).toBeDefined();
    channels[0]!.permit!.leave();
    const restarted = machine.ask("viewer", channels[0]!.owner);
    await machine.clock.advance(0);
    expect(restarted.permit).toBeDefined();
  });

  it("the newest is who came on air last, not whose encoder was started last", async () => {
    const { machine, channels } = await onAir();
    channels[0]!.permit!.leave();
    const successor = machine.ask("viewer", channels[0]!.owner);
    await machine.clock.advance(4_000);
    machine.availableMiB = 100;
    await machine.clock.advance(1_000);
    expect([successor.letGo, channels[1]!.letGo, channels[2]!.letGo?.code]).toEqual([
      undefined,
      undefined,
      "memory_short",
    ]);
  });

  it("so does it when the kernel has killed somebody for want of it", async () => {
    const { machine, channels } = await onAir();
    machine.state = { ...machine.state, oomKills: 7 };
    await machine.clock.advance(1_000);
    expect(machine.news).toEqual([]);
    machine.state = { ...machine.state, oomKills: 8 };
    await machine.clock.advance(1_000);
    expect(channels.map(({ letGo }) => letGo?.code)).toEqual([undefined, undefined, "memory_short"]);
    await machine.clock.advance(10_000);
    expect(machine.budget.figures.shed).toBe(1);
  });

  it("a channel that is alone goes on air however little there is, and one thing is prepared", async () => {
    const machine = new Machine();
    machine.availableMiB = 10;
    const preparation = machine.ask("preparation");
    await machine.clock.advance(10_000);
    expect([preparation.permit !== undefined, preparation.letGo]).toEqual([true, undefined]);
    preparation.permit!.leave();
    const [first, second] = [machine.ask("viewer"), machine.ask("viewer")];
    await machine.clock.advance(10_000);
    expect(permits([first, second])).toEqual([true, false]);
    expect(first.letGo).toBeUndefined();
  });

  it("without a reserve nobody makes way", async () => {
    const machine = new Machine({ memoryReserveBytes: 0 });
    machine.availableMiB = 1;
    const channels = [machine.ask("viewer"), machine.ask("viewer")];
    await machine.clock.advance(20_000);
    expect(permits(channels)).toEqual([true, true]);
    expect(channels.flatMap(({ letGo }) => letGo ?? [])).toEqual([]);
  });

  it("several that are let in together are counted with what they will take", async () => {
    const machine = new Machine();
    machine.availableMiB = 128 + 2.5 * 192;
    machine.ask("viewer");
    await machine.clock.advance(0);
    const more = [machine.ask("viewer"), machine.ask("viewer"), machine.ask("viewer")];
    await machine.clock.advance(500);
    expect(permits(more)).toEqual([true, false, false]);
    await machine.clock.advance(5_000);
    expect(permits(more)).toEqual([true, true, true]);
  });
});

it("file descriptors below the reserve are for what is on air already", async () => {
  const machine = new Machine();
  machine.state = { descriptorsLeft: 500 };
  const first = machine.ask("viewer");
  await machine.clock.advance(1_000);
  machine.state = { descriptorsLeft: 60 };
  await machine.clock.advance(1_000);
  const [successor, other] = [machine.ask("next", first.owner), machine.ask("viewer")];
  await machine.clock.advance(2_000);
  expect(permits([successor, other])).toEqual([true, false]);
  expect(other.reasons.map(({ code }) => code)).toEqual(["descriptors_short"]);
  machine.state = { descriptorsLeft: 10 };
  await machine.clock.advance(1_000);
  const last = machine.ask("viewer", first.owner);
  await machine.clock.advance(1_000);
  expect(last.permit).toBeUndefined();
  machine.state = { descriptorsLeft: 500 };
  await machine.clock.advance(1_000);
  expect(permits([other, last])).toEqual([true, true]);
  expect(machine.news.map(({ type }) => type)).toEqual(["short", "enough_again"]);
});

it("when nobody runs or waits, nobody looks", async () => {
  const machine = new Machine();
  const one = machine.ask("viewer");
  await machine.clock.advance(3_000);
  one.permit!.leave();
  one.permit!.leave();
  await machine.clock.advance(0);
  expect(machine.clock.pending).toBe(0);
  expect(machine.budget.figures).toMatchObject({
    running: 0,
    waiting: { viewer: 0, next: 0, preparation: 0 },
  });
});
