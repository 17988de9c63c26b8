import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { AnalyserReport } from "../../src/mpegts/analyser-report.ts";
import { gstDiscover, mpvPlay, tsprobe } from "../support/judges.ts";
import { expectSeamless, expectSilentDecode } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";
import { makeTortureFolder } from "../support/torture.ts";
import { vlcPlay } from "../support/vlc.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/exstreamtv.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-torture-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a channel of every oddity", () => {
  it("is one perfect stream across all of its boundaries, for every judge and player", async () => {
    const torture = await makeTortureFolder(join(folder, "media", "Torture"));
    await using server = await ServerUnderTest.start({ folder: join(folder, "media"), config: SMALL_HOUSE });

    for (const { name } of torture.broken) {
      const line = server.output.split("\n").find((text) => text.includes(`${name}: `));
      expect(line, `${name} is left out with a reason`).toMatch(/: \S.{10,}/);
    }

    const loopSeconds = torture.good.reduce((total, { seconds }) => total + seconds, 0);
    const capture = join(folder, "torture.ts");
    const [report, vlc, mpv] = await Promise.all([
      tsprobe(server.channel(1), { seconds: loopSeconds + 6, save: capture }),
      vlcPlay(server.channel(1), { seconds: loopSeconds }),
      mpvPlay(server.channel(1), { seconds: loopSeconds }),
    ]);
    expectSeamless(report);
    expect(report.closed_early).toBe(false);
    expect(report.stream_s).toBeGreaterThan(loopSeconds + 4);
    expect(vlc).toEqual({ played: true, complaints: [] });
    expect(mpv).toEqual({ played: true, complaints: [] });
    expect(server.logged("error screen on air").filter(({ reason }) => reason !== "loading")).toEqual([]);
    expect(server.logged("encoder failed; another one takes over")).toEqual([]);

    const judged = execFileSync(process.execPath, [LAUNCHER, "analyse", "--json", capture]).toString();
    const analysis = JSON.parse(judged) as AnalyserReport;
    expect(analysis.findings).toEqual([]);
    expect(analysis.verdict).toBe("clean");
    expect(analysis.pcr_over_40_ms + analysis.pat_over_100_ms + analysis.pmt_over_100_ms).toBe(0);
    expect(analysis.service?.name).toBe("Torture");

    await expectSilentDecode(capture);
    const streams = await gstDiscover(capture);
    expect(streams.map(({ kind }) => kind).sort()).toEqual(["audio", "container", "video"]);
    expect(await server.stop()).toBe(0);
  });
});
