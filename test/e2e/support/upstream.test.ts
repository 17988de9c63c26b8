import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SystemClock } from "../../../src/base/clock.ts";
import { readFrameNumbers } from "../../support/frame-number.ts";
import { tsprobe } from "../../support/judges.ts";
import { run } from "../../support/process.ts";
import { type Fault, LOOP_FRAMES, Upstream } from "../../support/upstream.ts";

const clock = new SystemClock();

it("is a broadcast whose loops join without a seam, progressive and as HLS", async () => {
  const folder = await mkdtemp(join(tmpdir(), "exstreamtv-upstream-"));
  await using upstream = await Upstream.start();
  await upstream.broadcast("one");
  const [live, hls] = [join(folder, "live.ts"), join(folder, "hls.ts")];
  const [report] = await Promise.all([
    tsprobe(upstream.url("one.ts"), { seconds: 20, save: live }),
    run(
      "ffmpeg",
      ["-v", "error", "-y", "-i", upstream.url("one/index.m3u8"), "-t", "20", "-c", "copy", hls],
      { seconds: 60 },
    ),
  ]);
  expect(report).toMatchObject({ sync_loss: 0, cc_errors: 0, pcr_backward: 0, pcr_jumps_over_1s: 0 });
  for (const stream of Object.values(report.streams)) expect(stream).toMatchObject({ backward: 0, gaps: 0 });
  for (const file of [live, hls]) {
    const numbers = (await readFrameNumbers(file)).slice(0, -3);
    expect(numbers.length).toBeGreaterThan(LOOP_FRAMES);
    expect(numbers).toEqual(numbers.map((_, at) => (numbers[0]! + at) % LOOP_FRAMES));
  }
  await rm(folder, { recursive: true });
}, 90_000);

it("misbehaves on command and behaves again", async () => {
  await using upstream = await Upstream.start();
  await upstream.broadcast("one");
  const get = async (query = "") => {
    const gone = AbortSignal.timeout(600);
    let bytes = 0;
    try {
      const response = await fetch(upstream.url(`one.ts${query}`), { signal: gone });
      const { status } = response;
      for await (const chunk of response.body ?? []) bytes += chunk.length;
      return { status, bytes, end: "ended" };
    } catch (failure) {
      return { bytes, end: gone.aborted ? "open" : String((failure as Error).cause ?? failure) };
    }
  };
  expect(await get()).toMatchObject({ end: "open" });
  const cases: readonly (readonly [Fault, object])[] = [
    [
      { kind: "status", code: 503 },
      { status: 503, bytes: 0 },
    ],
    [{ kind: "html" }, { status: 200, end: "ended" }],
    [{ kind: "redirect_loop" }, { end: expect.stringContaining("redirect") }],
    [{ kind: "reset", afterBytes: 1000 }, { end: expect.stringMatching(/ECONNRESET|terminated|closed/) }],
    [{ kind: "stall" }, { bytes: 0, end: "open" }],
    [{ kind: "token", token: "x" }, { status: 403 }],
  ];
  for (const [fault, outcome] of cases) {
    upstream.misbehave("one", fault);
    expect(await get()).toMatchObject(outcome);
  }
  expect(await get("?token=x")).toMatchObject({ end: "open" });
  upstream.misbehave("one");
  await upstream.refuse();
  expect(await get()).toMatchObject({ end: expect.stringContaining("ECONNREFUSED") });
  await upstream.accept();
  const again = await get();
  expect(again.bytes).toBeGreaterThan(10_000);
  await clock.sleep(50);
  expect(upstream.connections("one")).toBe(0);
}, 30_000);
