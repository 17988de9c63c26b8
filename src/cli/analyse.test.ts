import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { goodStream, joinPackets } from "../mpegts/packet-fixtures.ts";
import { type AnalyseOptions, analyse } from "./analyse.ts";
import type { AnalysisReport } from "./analyse-table.ts";

const TSPROBE = join(import.meta.dirname, "../../../shared/tools/tsprobe.py");
const GOOD = joinPackets(goodStream());

let folder = "";
let server: Server | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exstreamtv-analyse-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/channel/1.ts`;
}

async function run(source: string, options: Partial<AnalyseOptions> = {}) {
  let text = "";
  const clock = options.clock ?? new ManualClock();
  const code = await analyse(source, { ...options, clock, write: (part) => (text += part) });
  return { code, text };
}

async function runJson(source: string, options: Partial<AnalyseOptions> = {}) {
  const { code, text } = await run(source, { ...options, json: true });
  return { code, report: JSON.parse(text) as AnalysisReport };
}

describe("files", () => {
  test("a clean file: exit code 0 and a table", async () => {
    const { code, text } = await run(file("good.ts", GOOD));
    expect(code).toBe(0);
    expect(text).toContain("good.ts: clean");
    expect(text).toContain('Service "Kanal Ä" by "EXStreamTV"');
    expect(text).toMatch(/1\.4 +Continuity_count_error +ok/);
    expect(text).not.toContain("FAIL");
  });

  test("a faulty file: exit code 1, FAIL, and where it failed", async () => {
    const lost =
      goodStream().findIndex((packet, at) => at > 500 && packet.pid === 0x100 && !packet.pcr) * 188;
    const { code, text } = await run(
      file(
        "cut.ts",
        GOOD.filter((_, at) => at < lost || at >= lost + 188),
      ),
    );
    expect(code).toBe(1);
    expect(text).toContain("cut.ts: faulty");
    expect(text).toMatch(/FAIL/);
    expect(text).toMatch(/First findings\n +0\.\d+ s {2}packet \d+ /);
  });

  test("--seconds ends a file by its own clock", async () => {
    const { code, report } = await runJson(file("long.ts", joinPackets(goodStream({ seconds: 12 }))), {
      seconds: 2,
    });
    expect(code).toBe(0);
    expect(report).toMatchObject({ ended: "seconds", broken: null });
    expect(report.stream_s).toBeLessThan(8);
  });

  test.each([
    ["missing", () => join(folder, "missing.ts"), "There is no such file"],
    ["a folder", () => folder, "It is a folder"],
    ["empty", () => file("empty.ts", ""), "It holds no MPEG transport stream"],
    ["a page", () => file("page.ts", "<html>".repeat(300_000)), "It holds no MPEG transport stream"],
  ])("what cannot be analysed is said in words: %s", async (_, path, words) => {
    await expect(run(path())).rejects.toMatchObject({
      code: "transport_stream_unreadable",
      message: expect.stringContaining(words),
    });
  });
});

describe("URLs", () => {
  test("a stream that ends, with times of arrival", async () => {
    const url = await serve((_, response) => response.end(GOOD));
    const { code, report } = await runJson(url);
    expect(code).toBe(0);
    expect(report).toMatchObject({ ended: "end", packets: 3000, verdict: "clean", wall_max_silence_ms: 0 });
    expect((await run(url)).text).not.toContain("FAIL");
  });

  /** Tells when the first bytes have arrived: that is when the time of arrival is asked for. */
  class ArrivalClock extends ManualClock {
    readonly arrived = Promise.withResolvers<void>();
    override now(): number {
      this.arrived.resolve();
      return super.now();
    }
  }

  test("--seconds ends a live stream, also when no more bytes come", async () => {
    const url = await serve((_, response) => void response.write(GOOD));
    const clock = new ArrivalClock();
    const running = runJson(url, { clock, seconds: 4 });
    await clock.arrived.promise;
    await clock.advance(4000);
    const { code, report } = await running;
    expect(code).toBe(0);
    expect(report.ended).toBe("seconds");
    expect(clock.pending).toBe(0);
  });

  test("a signal ends it and what was read is reported", async () => {
    const url = await serve((_, response) => void response.write(GOOD));
    const clock = new ArrivalClock();
    const controller = new AbortController();
    const running = runJson(url, { clock, signal: controller.signal });
    await clock.arrived.promise;
    controller.abort();
    expect((await running).report.ended).toBe("stopped");
    expect(clock.pending).toBe(0);
  });

  test("a connection that breaks is no clean end", async () => {
    const url = await serve((request, response) => {
      response.write(GOOD, () => setImmediate(() => request.socket.destroy()));
    });
    const { code, report } = await runJson(url);
    expect(code).toBe(1);
    expect(report).toMatchObject({ ended: "broken", broken: "The server broke the connection" });
  });

  test("an error status, a server that stays silent, and none at all are said in words", async () => {
    const missing = await serve((_, response) => response.writeHead(404).end("no"));
    await expect(run(missing)).rejects.toThrow("HTTP status 404");
    server?.close();

    const asked = Promise.withResolvers<void>();
    const silent = await serve(() => asked.resolve());
    const clock = new ManualClock();
    const running = expect(run(silent, { clock })).rejects.toThrow("sent nothing for 20 s");
    await asked.promise;
    await clock.advance(20_000);
    await running;

    await expect(run("http://127.0.0.1:1/x.ts")).rejects.toThrow(/cannot be analysed/);
  });
});

test("agrees with the independent judge on a stream that ffmpeg made, and on two of them end to end", async () => {
  const one = join(folder, "ffmpeg.ts");
  const inputs = [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=320x180:rate=25",
    "-f",
    "lavfi",
    "-i",
    "sine=sample_rate=48000",
  ];
  const codecs = ["-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2", "-c:a", "aac"];
  execFileSync("ffmpeg", ["-v", "error", "-y", ...inputs, "-t", "3", ...codecs, "-f", "mpegts", one]);
  const bytes = execFileSync("cat", [one]);
  const two = file("twice.ts", Buffer.concat([bytes, bytes]));

  const first = await runJson(one);
  expect(first.code).toBe(0);
  expect(first.report).toMatchObject({
    verdict: "clean",
    cc_errors: 0,
    keyframes: 3,
    starts_with_pat_pmt_idr: true,
  });
  expect(first.report.service).toEqual({ name: "Service01", provider: "FFmpeg" });
  const second = await runJson(two);
  expect(second.code).toBe(1);
  expect(second.report).toMatchObject({ verdict: "faulty", pcr_backward: 1, sync_loss: 0 });
  // Five PIDs begin anew; one in sixteen goes on by chance with the number that is due.
  expect(second.report.cc_errors).toBeGreaterThanOrEqual(3);
  expect(second.report.cc_errors).toBeLessThanOrEqual(5);

  if (!existsSync(TSPROBE)) return;
  for (const [path, { report }] of [
    [one, first],
    [two, second],
  ] as const) {
    const judged = JSON.parse(execFileSync("python3", [TSPROBE, path], { encoding: "utf8" }));
    // A repeated number with other bytes is an error here, and a duplicate for tsprobe.
    expect(report.cc_errors - judged.cc_errors).toBeGreaterThanOrEqual(0);
    expect(report).toMatchObject({ ...judged, cc_errors: report.cc_errors });
  }
});
