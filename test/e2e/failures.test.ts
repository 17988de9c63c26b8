import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tsprobe } from "../support/judges.ts";
import { generated, OUTPUT, place, type Recipe } from "../support/media-cache.ts";
import { expectSeamless } from "../support/perfect.ts";
import { ServerUnderTest, SMALL_HOUSE } from "../support/server.ts";

const SECONDS = 20;
const folder = mkdtempSync(join(tmpdir(), "exstreamtv-failures-"));
const media = join(folder, "media");
const data = join(folder, "data");

/** A film whose index stands in front, so that half of it still opens. */
const FILM: Recipe = {
  extension: ".mp4",
  steps: [
    [
      ...[...generated(`testsrc2=s=320x180:r=30:d=${SECONDS}`), ...generated(`sine=d=${SECONDS}`)],
      ...[
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "30",
        "-c:a",
        "aac",
        "-movflags",
        "+faststart",
        OUTPUT,
      ],
    ],
  ],
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const given = (server: ServerUnderTest, channel: number, message: string) =>
  server.logged(message).filter((entry) => entry.channel === channel);

describe("files that fail on air", () => {
  it("are named in the log, tried once more, and never break the stream", async () => {
    mkdirSync(media);
    const cut = await place(FILM, join(media, "1 Cut"), "cut.mp4");
    const bytes = readFileSync(cut);
    writeFileSync(cut, bytes.subarray(0, bytes.length / 2));
    const gone = await place(FILM, join(media, "2 Gone"), "gone.mp4");
    await using server = await ServerUnderTest.start({
      folder: media,
      dataFolder: data,
      config: SMALL_HOUSE,
    });
    rmSync(gone);

    const reports = await Promise.all(
      [1, 2].map((number) => tsprobe(server.channel(number), { seconds: SECONDS + 8 })),
    );
    for (const report of reports) expectSeamless(report);

    // Whoever tunes in behind the cut meets nothing at all; the next airing meets the cut.
    const outcomes = [
      "programme given up; error screen until the next one",
      "programme is away; error screen until it is back or the next one begins",
    ];
    const [cutOff, missing] = outcomes.map((outcome, index) => ({
      failed: given(server, index + 1, "encoder failed; another one takes over"),
      airings: given(server, index + 1, outcome).length,
    }));
    expect(cutOff!.failed.map((entry) => entry.class)).toContain("truncated");
    for (const { class: name } of cutOff!.failed) expect(["truncated", "ended_early"]).toContain(name);
    expect(new Set(missing!.failed.map((entry) => entry.class))).toEqual(new Set(["missing"]));
    expect(missing!.failed[0]!.sentence).toMatch(/^The file is not there any more/);
    // Another airing may just have begun.
    expect(missing!.airings).toBeGreaterThan(0);
    expect(missing!.failed.length).toBeLessThanOrEqual(2 * (missing!.airings + 1));
    expect(cutOff!.airings).toBeGreaterThan(0);
    expect(server.output).not.toContain("does not begin a Gop");
    expect(await server.stop()).toBe(0);
    const kept = readFileSync(join(data, "unmatched-lines.json"), "utf8");
    expect(kept).not.toContain(folder);
  });
});
