import { SystemClock } from "../src/base/clock.ts";
import type { Sighting } from "./viewers.ts";
import type { World } from "./world.ts";

const clock = new SystemClock();
const TIDY_MS = 15_000;
/** One for what is on, one for what comes next. */
const ENCODERS_OF_CHANNEL = 2;

/** What those who watch throughout have seen between two looks. */
export interface Seen {
  readonly disconnects: number;
  readonly errors: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Those that have no connection. */
  readonly missing: readonly string[];
  readonly longestSilenceMs: number;
}

/** The difference between two looks. */
export function seenBetween(before: readonly Sighting[], after: readonly Sighting[]): Seen {
  const earlier = new Map(before.map((sighting) => [sighting.name, sighting]));
  const faults: Record<string, number> = {};
  let disconnects = 0;
  for (const { name, disconnects: now, faults: found } of after) {
    disconnects += now - (earlier.get(name)?.disconnects ?? 0);
    for (const [check, count] of Object.entries(found)) {
      const more = count - (earlier.get(name)?.faults[check] ?? 0);
      if (more > 0) faults[check] = (faults[check] ?? 0) + more;
    }
  }
  return {
    ...{ disconnects, faults, errors: total(faults) },
    missing: after.filter(({ connected }) => !connected).map(({ name }) => name),
    longestSilenceMs: Math.max(0, ...after.map(({ silenceMs }) => silenceMs)),
  };
}

/** What nobody owns any more: it may be a moment until the last of it is gone. */
export async function leftBehind(world: World, before: readonly string[]) {
  for (const deadlineMs = clock.now() + TIDY_MS; ; await clock.sleep(500)) {
    const processes = (await world.strays()).length + (await surplusEncoders(world));
    const files = (await world.files()).filter((file) => !before.includes(file));
    if (processes + files.length === 0 || clock.now() > deadlineMs) return { processes, files };
  }
}

async function surplusEncoders(world: World): Promise<number> {
  return Math.max(0, (await world.allEncoders()).length - ENCODERS_OF_CHANNEL * world.channels.length);
}

/** Sum of counts by name. */
export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
