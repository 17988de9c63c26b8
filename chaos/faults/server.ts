import type { Fault } from "../fault.ts";
import type { Trial } from "../trial.ts";

const BLOCK_MS = 5_000;
const TUNED_MS = 2_000;
const TUNE_MS = 30_000;
const CUT_MS = 10_000;
const REPORT_MS = 15_000;

/** Faults 4 and 5: what can happen to the server itself. */
export const SERVER_FAULTS: readonly Fault[] = [
  {
    id: "4",
    title: "server SIGKILL",
    means: "SIGKILL to the process that serves; its supervisor starts another one",
    expects: { seen: "cut", isSilent: true },
    inject: killServer,
  },
  {
    id: "5",
    title: "event loop blocked 5 s",
    means: "a loop of 5 s, evaluated in the server through its inspector",
    expects: { seen: "nothing" },
    inject: blockLoop,
  },
];

async function killServer(trial: Trial): Promise<void> {
  const { world } = trial;
  const worker = await world.worker();
  const atMs = trial.clock.now();
  trial.injected();
  trial.signal(worker, "SIGKILL");
  await allCut(trial);
  await world.ready();
  const readyMs = trial.clock.now();
  trial.notes.push(`ready again ${((readyMs - atMs) / 1000).toFixed(2)} s after the kill`);
  trial.expect((await world.strays()).length === 0, "encoders of the killed server still run");
  await trial.recorder.abandon();
  const times = await Promise.all([world.tuneAll(TUNE_MS), trial.recorder.begin(TUNE_MS)]);
  const slowestMs = Math.max(...times.flat());
  trial.notes.push(
    `the slowest of ${times.flat().length} viewers had its first byte ${slowestMs.toFixed(0)} ms after that`,
  );
  trial.expect(slowestMs <= TUNED_MS, `tuned again only ${(slowestMs / 1000).toFixed(1)} s after readiness`);
  trial.wasBack(trial.clock.now() - atMs);
  await world.news.follow(world.server.base);
}

/** Waits until every viewer knows that its connection is over. */
async function allCut(trial: Trial): Promise<void> {
  const deadlineMs = trial.clock.now() + CUT_MS;
  while ((await trial.world.viewers.look()).some(({ connected }) => connected)) {
    if (trial.clock.now() > deadlineMs)
      throw new Error("the server was killed, and viewers are still connected");
    await trial.sleep(20);
  }
}

async function blockLoop(trial: Trial): Promise<void> {
  const { world } = trial;
  const from = world.server.output.length;
  trial.signal(await world.worker(), "SIGUSR1");
  let address: string | undefined;
  for (let waited = 0; waited < 100 && !address; waited++) {
    await trial.sleep(50);
    address = /Debugger listening on (ws:\S+)/.exec(world.server.output.slice(from))?.[1];
  }
  if (!address) throw new Error("the server's inspector does not answer");
  const inspector = new WebSocket(address);
  await new Promise((resolve, reject) => {
    inspector.addEventListener("open", resolve);
    inspector.addEventListener("error", () => reject(new Error("the server's inspector hangs up")));
  });
  const atMs = trial.clock.now();
  trial.injected();
  await evaluate(inspector, `for (const end = performance.now() + ${BLOCK_MS}; performance.now() < end; );`);
  trial.cleared();
  await trial.detect(({ type }) => /loop/.test(type), atMs, REPORT_MS);
  const blockedMs = trial.clock.now() - atMs;
  trial.expect(blockedMs >= BLOCK_MS, `the loop was blocked for ${blockedMs.toFixed(0)} ms only`);
  await evaluate(inspector, 'process.getBuiltinModule("node:inspector").close()');
}

/** Has an expression evaluated; resolves when it is done, or the inspector has gone. */
function evaluate(inspector: WebSocket, expression: string): Promise<void> {
  return new Promise((resolve) => {
    inspector.addEventListener("message", () => resolve(), { once: true });
    inspector.addEventListener("close", () => resolve(), { once: true });
    inspector.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } }));
  });
}
