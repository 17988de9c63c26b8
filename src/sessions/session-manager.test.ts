import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { SessionNews, SessionRequest, StreamSession } from "./session.ts";
import { type Refusal, type SessionLimits, SessionManager } from "./session-manager.ts";
import { END_REASONS } from "./state.ts";

const channel = (id: number) => ({ id, number: id * 10, name: `Channel ${id}` });
const on = (id: number, more: Partial<SessionRequest> = {}): SessionRequest => ({
  ...{ channel: channel(id), protocol: "ts", client: { ip: "192.168.1.5", userAgent: "VLC/3.0.18" } },
  ...more,
});
const LIMITS: SessionLimits = {
  ...{ perChannel: 50, total: 1000, idleTimeoutMs: 300_000, maxErrors: 3 },
  cleanupIntervalMs: 60_000,
};

let clock: ManualClock;
let news: [string, SessionNews][];
let refusals: Refusal[];

beforeEach(() => {
  clock = new ManualClock();
  news = [];
  refusals = [];
});

function managerWith(limits: Partial<SessionLimits> = {}): SessionManager {
  return new SessionManager({
    ...{ clock, limits: { ...LIMITS, ...limits } },
    onNews: (session, item) => void news.push([session.id, item]),
    onRefusal: (refusal) => void refusals.push(refusal),
  });
}

/** Its session has been watched long enough not to be a probe. */
async function watch(session: StreamSession): Promise<void> {
  session.sent(100_000);
  await clock.advance(1_500);
  session.sent(100_000);
}

function attempt(manager: SessionManager, request: SessionRequest): StreamSession | AppError {
  try {
    return manager.reserve(request);
  } catch (failure) {
    if (failure instanceof AppError) return failure;
    throw failure;
  }
}

describe("limits", () => {
  test("a thousand at once are fifty sessions, and the others are told which key it is", () => {
    const manager = managerWith();
    const answers = Array.from({ length: 1000 }, () => attempt(manager, on(1)));
    const refused = answers.filter((answer) => answer instanceof AppError);
    expect([manager.count, refused.length]).toEqual([50, 950]);
    expect(refused[0]).toMatchObject({
      code: "max_sessions_reached",
      message: expect.stringMatching(
        /^Max sessions reached: Channel 10 has its 50 viewers\..*max_sessions_per/,
      ),
      members: { limit: 50, key: "session_manager.max_sessions_per_channel" },
    });
    expect(new Set([...manager.live].map(({ id }) => id)).size).toBe(50);
  });

  test("refusals are told at once, and then every ten seconds with their number", async () => {
    const manager = managerWith({ perChannel: 1 });
    manager.reserve(on(1));
    for (let refused = 0; refused < 950; refused++) attempt(manager, on(1));
    expect(refusals.map(({ count }) => count)).toEqual([1]);
    for (let second = 0; second < 15; second++) {
      await clock.advance(1_000);
      attempt(manager, on(1));
    }
    await clock.advance(30_000);
    expect(refusals.map(({ count }) => count)).toEqual([1, 949 + 9, 6]);
    attempt(manager, on(1));
    expect(refusals.length).toBe(4);
    manager.close();
    expect(clock.pending).toBe(0);
  });

  test("the total holds over all channels and for files on demand", () => {
    const manager = managerWith({ total: 3 });
    manager.reserve(on(1));
    manager.reserve(on(2));
    manager.reserve({ ...on(1), channel: undefined, mediaId: 7, protocol: "vod" } as SessionRequest);
    const refused = attempt(manager, on(3)) as AppError;
    expect(refused.members).toEqual({ limit: 3, key: "session_manager.max_sessions_total" });
  });

  test("lowering drops nobody, and counts from then on; raising lets in at once", () => {
    const manager = managerWith({ perChannel: 3 });
    const sessions = [1, 2, 3].map(() => manager.reserve(on(1)));
    manager.setLimits({ ...LIMITS, perChannel: 2 });
    expect(manager.count).toBe(3);
    sessions[0]!.end("client_gone");
    expect(attempt(manager, on(1))).toBeInstanceOf(AppError);
    sessions[1]!.end("client_gone");
    expect(attempt(manager, on(1))).not.toBeInstanceOf(AppError);
    manager.setLimits({ ...LIMITS, perChannel: 4 });
    expect(attempt(manager, on(1))).not.toBeInstanceOf(AppError);
  });

  test("whatever comes and goes, slots are neither lost nor given twice", async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ reserve: fc.integer({ min: 1, max: 3 }) }) },
      fc.record({ end: fc.nat(), reason: fc.constantFrom(...END_REASONS) }),
      fc.record({ fail: fc.nat() }),
      fc.record({ wait: fc.nat({ max: 400_000 }) }),
      fc.record({ send: fc.nat(), bytes: fc.nat({ max: 200_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        clock = new ManualClock();
        const manager = managerWith({ perChannel: 4, total: 9 });
        const all: StreamSession[] = [];
        const pick = (n: number) => all[n % Math.max(1, all.length)];
        for (const each of steps) {
          if ("reserve" in each) {
            const got = attempt(manager, on(each.reserve));
            if (!(got instanceof AppError)) all.push(got);
          } else if ("end" in each) pick(each.end)?.end(each.reason);
          else if ("fail" in each) pick(each.fail)?.failed("reader_fault", "x");
          else if ("send" in each) pick(each.send)?.sent(each.bytes);
          else await clock.advance(each.wait);
          const alive = all.filter(({ state }) => state !== "disconnected");
          expect([...manager.live]).toEqual(alive);
          for (const id of [1, 2, 3]) {
            const here = alive.filter((session) => session.request.channel?.id === id).length;
            expect(manager.totals(id).count).toBe(here);
            expect(here).toBeLessThanOrEqual(4);
          }
          expect(alive.length).toBeLessThanOrEqual(9);
        }
        manager.close();
        expect([manager.count, manager.totals().byChannel.size, clock.pending]).toEqual([0, 0, 0]);
        expect(() => manager.reserve(on(1))).toThrow("shutting down");
      }),
      { numRuns: 60 },
    );
  });
});

describe("a session", () => {
  test("cannot be guessed, and says whether two are one player's without giving the address away", () => {
    const manager = managerWith();
    const [a, b, c] = [on(1), on(2), on(1, { client: { ip: "192.168.1.6", userAgent: "VLC/3.0.18" } })].map(
      (request) => manager.reserve(request),
    );
    expect(a!.id).toMatch(/^[\w-]{22}$/);
    expect([a!.clientId === b!.clientId, a!.clientId === c!.clientId]).toEqual([true, false]);
    expect(a!.clientId).toMatch(/^[0-9a-f]{16}$/);
    expect(a!.player).toBe("VLC");
  });

  test("tells each change with its reason", async () => {
    const session = managerWith().reserve(on(1));
    session.sent(1000);
    await clock.advance(10_000);
    session.look();
    session.sent(1000);
    session.failed("reader_fault", "a fault", 5000);
    session.sent(4000);
    expect(session.state).toBe("error");
    session.sent(1000);
    session.end("ended_by_operator");
    session.end("client_gone");
    const told = news.map(([, item]) => (item.type === "changed" ? `${item.to} ${item.reason}` : item.type));
    expect(told).toEqual([
      ...["created", "active first_byte", "idle no_drain", "active drain_resumed"],
      ...["error", "error error", "active recovered", "disconnected ended_by_operator"],
    ]);
  });

  test("counts what was taken, as a rate of the last seconds and over all", async () => {
    const session = managerWith().reserve(on(1));
    await clock.advance(2_000);
    for (let second = 0; second < 20; second++) {
      session.sent(second < 10 ? 500_000 : 250_000);
      await clock.advance(1_000);
    }
    expect(session.bytesSent).toBe(7_500_000);
    expect(session.meanBps).toBe(3_000_000);
    expect(session.currentBps / 2_000_000).toBeCloseTo(1, 0);
    expect(session.durationMs).toBe(22_000);
    session.end("client_gone");
    await clock.advance(60_000);
    expect([session.durationMs, session.meanBps, session.currentBps]).toEqual([22_000, 3_000_000, 0]);
    session.sent(5);
    expect(session.bytesSent).toBe(7_500_000);
  });

  test("that is slow is let be, as long as it sees a whole group of pictures now and then", () => {
    const session = managerWith().reserve(on(1));
    session.sent(2_000_000);
    for (let time = 0; time < 100; time++) {
      session.jumped(500_000);
      session.sent(500_000);
    }
    expect([session.state, session.jumps, session.errorCount]).toEqual(["active", 100, 0]);
  });

  test("that never sees one is in error, recovers with the first, and ends at max_errors in a row", () => {
    const session = managerWith().reserve(on(1));
    session.sent(2_000_000);
    const starve = () => {
      session.jumped(500_000);
      session.sent(100_000);
    };
    for (let time = 0; time < 3; time++) starve();
    expect([session.state, session.errorCount]).toEqual(["error", 2]);
    session.sent(400_000);
    expect(session.state).toBe("active");
    for (let time = 0; time < 4; time++) starve();
    expect([session.state, session.endReason]).toEqual(["disconnected", "too_many_errors"]);
    expect(session.errors.at(-1)).toMatchObject({ class: "starved" });
  });

  test("keeps its last fifty errors", () => {
    const session = managerWith({ maxErrors: 1000 }).reserve(on(1));
    for (let time = 0; time < 120; time++) session.failed("request_failed", `number ${time}`);
    expect([session.errorCount, session.errors.length]).toEqual([120, 50]);
    expect(session.errors[0]!.message).toBe("number 70");
  });

  test.each([
    ["dropped before its first byte", [], true],
    ["dropped within 64 KiB, however late", [65_536, 60_000], true],
    ["dropped within a second, whatever the kernel took", [5_000_000, 900], true],
    ["watched", [70_000, 1_100, 1_000], false],
  ] as const)("%s: is a probe or not", async (_, [bytes, waitMs, more], isProbe) => {
    const manager = managerWith();
    const session = manager.reserve(on(1));
    session.sent(bytes ?? 0);
    await clock.advance(waitMs ?? 0);
    session.sent(more ?? 0);
    session.end("client_gone");
    expect([session.isProbe, manager.probeCount]).toEqual([isProbe, isProbe ? 1 : 0]);
    expect(news.some(([, { type }]) => type === "established")).toBe(!isProbe);
    if (isProbe) expect(() => manager.find(session.id)).toThrow("probe");
    else expect(manager.find(session.id)).toBe(session);
  });

  test("lets its connection go once, also when asked late", () => {
    const session = managerWith().reserve(on(1));
    const ends: string[] = [];
    session.onEnd((reason) => void ends.push(`first ${reason}`));
    session.end("off_air");
    session.end("shutdown");
    session.onEnd((reason) => void ends.push(`late ${reason}`));
    expect(ends).toEqual(["first off_air", "late off_air"]);
  });
});

describe("sessions that have ended", () => {
  test("stay readable for an hour, and no more than five hundred of them", async () => {
    const manager = managerWith({ perChannel: 1000 });
    const sessions = Array.from({ length: 600 }, () => manager.reserve(on(1)));
    for (const session of sessions) session.sent(100_000);
    await clock.advance(1_500);
    for (const session of sessions) {
      session.sent(1);
      session.end("client_gone");
    }
    expect(() => manager.find(sessions[99]!.id)).toThrow(AppError);
    expect(manager.find(sessions[100]!.id).endReason).toBe("client_gone");
    await clock.advance(3_600_000);
    expect(() => manager.find(sessions[599]!.id)).toThrow("There is no such session");
  });

  test("are not counted", async () => {
    const manager = managerWith();
    const [a, b] = [manager.reserve(on(1)), manager.reserve(on(2))];
    await watch(a);
    b.sent(50_000);
    expect(manager.totals()).toMatchObject({ count: 2, bytesSent: 250_000, averageDurationMs: 1_500 });
    a.end("client_gone");
    expect(manager.totals()).toEqual({
      ...{ count: 1, bytesSent: 50_000, averageDurationMs: 1_500 },
      byChannel: new Map([[2, 1]]),
    });
    expect(manager.totals(1)).toEqual({
      ...{ count: 0, bytesSent: 0, averageDurationMs: 0 },
      byChannel: new Map(),
    });
  });
});

test("the sweep ends what nothing else looks after, at the period in force", async () => {
  const manager = managerWith();
  const session = manager.reserve(on(1));
  session.sent(1000);
  await clock.advance(60_000);
  expect(session.state).toBe("idle");
  manager.setLimits({ ...LIMITS, idleTimeoutMs: 70_000, cleanupIntervalMs: 5_000 });
  await clock.advance(10_000);
  expect(session.endReason).toBe("idle_timeout");
  expect(clock.pending).toBe(0);
});
