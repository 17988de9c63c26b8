import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import { readFrameNumbers } from "../support/frame-number.ts";
import { openTs } from "../support/http-ts-client.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { ServerUnderTest } from "../support/server.ts";
import { type Fault, LOOP_FRAMES, Upstream } from "../support/upstream.ts";

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-live-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The broadcasts' own format: no more work than needed. */
const HOUSE = {
  house_format: { width: 320, height: 180, fps: 30, audio_bitrate_bps: 96_000 },
  stream_throttler: { target_bitrate_bps: 1_200_000 },
};

/** Makes a folder with one .strm file; channels are numbered by their names in order. */
function channel(media: string, name: string, addresses: readonly string[]): void {
  mkdirSync(join(media, name), { recursive: true });
  writeFileSync(join(media, name, `${name}.strm`), ["#EXTINF:-1,Live", ...addresses, ""].join("\n"));
}

async function until(what: string | (() => string), isSo: () => boolean, seconds: number): Promise<void> {
  const deadlineMs = clock.now() + seconds * 1000;
  while (!isSo()) {
    if (clock.now() > deadlineMs) {
      throw new Error(`not within ${seconds} s: ${typeof what === "string" ? what : what()}`);
    }
    await clock.sleep(50);
  }
}

/**
 * Pieces of the pictures that show consecutive numbers of one broadcast's loop. Single ones are shown twice while a
 * source is played slower.
 */
function pieces(numbers: readonly number[], first: number): readonly (readonly number[])[] {
  const found: number[][] = [];
  for (const [at, number] of numbers.entries()) {
    const place = number - first;
    if (number < 0 || place < 0 || place >= LOOP_FRAMES) continue;
    const last = numbers[at - 1];
    const follows = last !== undefined && (last - first + 1) % LOOP_FRAMES === place;
    if (number === last) continue;
    if (follows && found.length > 0) found.at(-1)!.push(number);
    else found.push([number]);
  }
  return found;
}

describe("live sources", () => {
  it("are on air without a seam, fail over to an alternate unseen, and are returned to", async () => {
    const media = join(folder, "good");
    await using upstream = await Upstream.start();
    for (const [at, name] of ["first", "second", "hls"].entries()) {
      await upstream.broadcast(name, { firstNumber: at * 1000, tone: 440 + at * 220 });
    }
    channel(media, "1", [upstream.url("first.ts?token=geheim"), upstream.url("second.ts")]);
    channel(media, "2", [upstream.url("hls/index.m3u8")]);
    const [dark, leaping] = [await upstream.broadcast("dark"), await upstream.broadcast("leaping")];
    channel(media, "3", [upstream.url("dark.ts"), upstream.url("leaping.ts")]);
    await using server = await ServerUnderTest.start({
      folder: media,
      // A busy machine is slow to see a stall, and to connect.
      config: {
        ...HOUSE,
        channels: { lead_seconds: 12 },
        live_sources: { live_delay_seconds: 9, return_after_seconds: 4, black_seconds: 3 },
      },
    });
    // What they are made of is learnt meanwhile; the second one is a stranger no more when it is needed.
    await until("all sources known", () => upstream.requestsOf("leaping").length > 0, 30);
    await until("probed", () => upstream.connections("leaping") === 0, 20);
    const captures = [1, 2, 3].map((number) => join(folder, `${number}.ts`));
    const watching = Promise.all(
      captures.map((save, at) => tsprobe(server.channel(at + 1), { seconds: 65, save })),
    );
    const of = (message: string, number: number) =>
      server.logged(message).filter((entry) => entry.channel === number);
    await until("on air", () => of("back to the programme", 1).length > 0, 25);
    await clock.sleep(2_000);
    upstream.misbehave("first", { kind: "stall" });
    dark.show("black");
    await until("failed over", () => upstream.connections("second") > 0, 15);
    await until("black is not shown for long", () => upstream.connections("leaping") > 0, 15);
    await clock.sleep(3_000);
    leaping.jump(3600);
    upstream.misbehave("first");
    await until("returned", () => upstream.connections("second") === 0, 40);
    const reports = await watching;
    for (const [at, report] of reports.entries()) {
      expectSeamless(report);
      await expectSilentDecode(captures[at]!);
    }
    for (const number of [1, 2, 3]) expect(of("error screen on air", number).length).toBeLessThanOrEqual(1);
    expect(of("encoder failed; another source takes over", 1)[0]).toMatchObject({ class: "stream_stalled" });
    expect(of("encoder failed; another source takes over", 3)).toMatchObject([{ class: "picture_black" }]);
    const shown = await readFrameNumbers(captures[0]!);
    const tops = [0, 1000].map((first) => pieces(shown, first).map((piece) => piece.length));
    expect(Math.max(...tops[0]!), "pictures of the first source").toBeGreaterThan(60);
    expect(Math.max(...tops[1]!), "pictures of its alternate").toBeGreaterThan(60);
    expect(shown.at(-10)! < 1000, "the first source is back").toBe(true);
    // HLS: one connection to the playlist after the other, and not a picture lost.
    const whole = pieces((await readFrameNumbers(captures[1]!)).slice(0, -3), 2000);
    expect(Math.max(...whole.map((piece) => piece.length))).toBeGreaterThan(25 * 30);
    expect(server.output).not.toContain("geheim");
  }, 120_000);

  it("that are out of order show a screen that says why, and come back by themselves", async () => {
    const media = join(folder, "bad");
    await using upstream = await Upstream.start();
    const faults: readonly (readonly [name: string, fault: Fault, ...failures: string[]])[] = [
      ["404", { kind: "status", code: 404 }, "gone"],
      ["500", { kind: "status", code: 500 }, "upstream_error"],
      ["drip", { kind: "drip", bytesPerSecond: 1_000 }, "stream_stalled"],
      ["reset", { kind: "reset" }, "connection_reset"],
      // Which of the two depends on whether ffmpeg had read what came before the reset.
      ["broken", { kind: "reset", afterBytes: 4_000 }, "stream_ended", "connection_reset"],
      ["loop", { kind: "redirect_loop" }, "redirect_loop"],
      ["html", { kind: "html" }, "not_a_stream"],
      ["token", { kind: "token", token: "new" }, "forbidden"],
    ];
    for (const [name, fault] of faults) {
      await upstream.broadcast(name);
      upstream.misbehave(name, fault);
      channel(media, name, [upstream.url(`${name}.ts?token=old`)]);
    }
    channel(media, "unknown", ["http://no.such.host.invalid/live.ts"]);
    await using server = await ServerUnderTest.start({ folder: media, config: HOUSE });
    const list = (await (await fetch(`${server.base}/api/channels`)).json()) as {
      channels: { name: string; number: number }[];
    };
    const numberOf = (name: string) => list.channels.find((each) => each.name === name)!.number;
    const names = [...faults.map(([name]) => name), "unknown"];
    const viewers = await Promise.all(names.map((name) => openTs(server.channel(numberOf(name)))));
    const named = (name: string) =>
      ["error screen on air", "error screen changed"]
        .flatMap((message) => server.logged(message))
        .filter((entry) => entry.channel === numberOf(name))
        .map((entry) => entry.failure);
    const expected = [
      ...faults.map(([name, , ...failures]) => [name, ...failures]),
      ["unknown", "name_not_resolved"],
    ];
    for (const [name, ...failures] of expected) {
      const isNamed = () => named(name!).some((failure) => failures.includes(String(failure)));
      await until(() => `${name}: a screen that names ${failures}; there were ${named(name!)}`, isNamed, 45);
    }
    for (const [name, fault] of faults) {
      upstream.misbehave(name, fault.kind === "token" ? { kind: "token", token: "old" } : undefined);
    }
    const isBack = (name: string) =>
      server.logged("back to the programme").some((entry) => entry.channel === numberOf(name));
    for (const [name] of faults) await until(`${name} is back`, () => isBack(name), 60);
    await Promise.all(viewers.map((viewer) => viewer.close()));
    expect(server.logged("viewer left").filter(({ reason }) => reason !== "client_gone")).toEqual([]);
  }, 180_000);
});
