import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { rational } from "../../src/base/rational.ts";
import { makeFrameNumberClip, readFrameNumbers } from "../support/frame-number.ts";
import { tsprobe } from "../support/judges.ts";
import { expectSeamless } from "../support/perfect.ts";
import { runOrThrow } from "../support/process.ts";
import { PROTOCOLS, Senders } from "../support/senders.ts";
import { ServerUnderTest } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "exstreamtv-protocols-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOUSE = {
  house_format: { width: 320, height: 180, fps: 30, audio_bitrate_bps: 96_000 },
  stream_throttler: { target_bitrate_bps: 1_000_000 },
};

/** The longest run of pictures that each show the number after the one before; a slowed source repeats some. */
function longestRun(numbers: readonly number[]): number {
  let longest = 0;
  let length = 0;
  for (const [at, number] of numbers.entries()) {
    const last = at > 0 ? numbers[at - 1]! : -1;
    if (number >= 0 && number === last) continue;
    length = number >= 0 && number === last + 1 ? length + 1 : 0;
    longest = Math.max(longest, length);
  }
  return longest;
}

describe("streams of other servers", () => {
  it(`are played whatever they come by: ${PROTOCOLS.join(", ")}`, async () => {
    const shape = { seconds: 60, fps: rational(30), width: 320, height: 180 };
    const clip = await makeFrameNumberClip(folder, "clip.mp4", shape);
    const stream = join(folder, "clip.ts");
    await runOrThrow("ffmpeg", ["-v", "error", "-i", clip, "-c", "copy", stream], { seconds: 30 });
    chmodSync(folder, 0o755);
    await using senders = new Senders();
    for (const protocol of PROTOCOLS) {
      const address = await senders.send(protocol, stream);
      mkdirSync(join(folder, "media", protocol), { recursive: true });
      writeFileSync(join(folder, "media", protocol, "live.strm"), `${address}\n`);
    }
    await using server = await ServerUnderTest.start({ folder: join(folder, "media"), config: HOUSE });
    const names = [...PROTOCOLS].sort();
    const judge = async (name: string, index: number) => {
      const save = join(folder, `${name}.ts`);
      const report = await tsprobe(server.channel(index + 1), { seconds: 40, save });
      expectSeamless(report);
      expect(report.closed_early, name).toBe(false);
      return [name, longestRun(await readFrameNumbers(save))] as const;
    };
    for (const [name, longest] of await Promise.all(names.map(judge))) {
      expect(longest, `${name}\n${server.output.slice(-4000)}`).toBeGreaterThan(200);
    }
    expect(await server.stop()).toBe(0);
  });
});
