import type { Fault as Misbehaviour } from "../../test/support/upstream.ts";
import { type Fault, NotTried } from "../fault.ts";
import { UPSTREAM } from "../library.ts";
import { ofChannel } from "../news.ts";
import type { Trial } from "../trial.ts";

const DISTANT = 2;
const LIVE = 3;
/** Long enough for a screen to be needed; and until the distant channel has begun another film. */
const HOLD_MS = 25_000;
const AFTER_BOUNDARY_MS = 6_000;
const SPIN_UP_MS = 20_000;
const DETECT_MS = 30_000;
const BACK_MS = 90_000;

/** Faults 14 to 22: what can happen to a source on another server. */
export const SOURCE_FAULTS: readonly Fault[] = [
  source("14", "404", { kind: "status", code: 404 }),
  source("15", "500", { kind: "status", code: 500 }),
  source("16", "slow drip", { kind: "drip", bytesPerSecond: 4_000 }),
  source("17", "connection reset", { kind: "reset" }),
  source("18", "redirect loop", { kind: "redirect_loop" }),
  source("19", "HTML with 200", { kind: "html" }),
  {
    ...about("20", "DNS failure", "connections end and the name of the server is unknown (EAI_NONAME)"),
    inject: (trial) => {
      const { wrappers } = trial.world;
      if (wrappers.noResolver) throw new NotTried(wrappers.noResolver);
      const set = async (isLost: boolean) => {
        await wrappers.loseName(isLost);
        if (isLost) for (const name of names()) trial.world.upstream!.hangUp(name);
      };
      return hurtSources(trial, set);
    },
  },
  source("21", "expired token", { kind: "token", token: "renewed" }),
  {
    ...about(
      "22",
      "storage that spins up for 20 s",
      "the server accepts connections and says nothing for 20 s",
    ),
    inject: (trial) => hurtSources(trial, misbehaving(trial, { kind: "stall" }), SPIN_UP_MS),
  },
];

function names(): string[] {
  return [...UPSTREAM.films, UPSTREAM.live];
}

function about(id: string, title: string, means: string): Omit<Fault, "inject"> {
  return { id, title: `source: ${title}`, means, expects: { seen: "screen" }, stage: "network" };
}

function source(id: string, title: string, fault: Misbehaviour): Fault {
  const means = `a live source and films on another server: ${title}`;
  return { ...about(id, title, means), inject: (trial) => hurtSources(trial, misbehaving(trial, fault)) };
}

function misbehaving(trial: Trial, fault: Misbehaviour): (isOn: boolean) => Promise<void> {
  return async (isOn) => {
    for (const name of names()) trial.world.upstream!.misbehave(name, isOn ? fault : undefined);
  };
}

/** Sets a fault for all sources of the upstream server, waits for what the server makes of it, and ends it. */
async function hurtSources(trial: Trial, set: (isOn: boolean) => Promise<void>, ms?: number): Promise<void> {
  const { world } = trial;
  trial.concerned.add(DISTANT).add(LIVE);
  const { leftMs } = world.channels[DISTANT - 1]!.bill.at(world.wallNow());
  const holdMs = ms ?? Math.max(HOLD_MS, leftMs + AFTER_BOUNDARY_MS);
  const atMs = trial.clock.now();
  try {
    await set(true);
    trial.injected();
    await trial.detect(ofChannel(LIVE, "source_failed"), atMs, DETECT_MS);
    await trial.sleep(Math.max(0, atMs + holdMs - trial.clock.now()));
  } finally {
    await set(false);
    trial.cleared();
  }
  nameClasses(trial, atMs);
  const clearedMs = trial.clock.now();
  for (const channel of [LIVE, DISTANT]) {
    if (channel === LIVE || world.showsScreen(channel)) await trial.back(channel, clearedMs, BACK_MS);
  }
}

/** What the failures were called; none may be without a name. */
function nameClasses(trial: Trial, fromMs: number): void {
  const failures = trial.world.news.since(fromMs).filter(ofChannel(undefined, "source_failed"));
  const classes = new Set(failures.map(({ data }) => String(data.class ?? data.code)));
  trial.notes.push(`called: ${[...classes].join(", ")}`);
  const unnamed = failures.filter(({ data }) => data.class === undefined && data.code !== "source_suspended");
  trial.expect(unnamed.length === 0, `without a name: ${unnamed.map(({ data }) => data.reason).join("; ")}`);
}
