import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { Gop } from "../media/gop.ts";
import type { VideoEncoderName } from "../media/video-encoders.ts";
import { EncoderChoice, type HardwarePaused } from "./encoder-choice.ts";
import type { Source } from "./source.ts";

const GOP = {} as Gop;

/** What a run does: delivers, ends properly, or fails with a code. */
type Script = readonly ("gop" | "end" | ErrorCode)[];

function scripted(script: Script): Source {
  const steps = [...script];
  return {
    next: async () => {
      const step = steps.shift()!;
      if (step === "gop") return GOP;
      if (step === "end") return undefined;
      throw new AppError(step, `it is ${step}`);
    },
    close: async () => {},
  };
}

function bench(preferred: VideoEncoderName = "h264_nvenc") {
  const clock = new ManualClock();
  const news: HardwarePaused[] = [];
  const choice = new EncoderChoice(preferred, clock, (each) => news.push(each));
  /** Runs a script to its end; returns the encoder that was chosen for it. */
  const run = async (item: object, script: Script, startFrame = 30): Promise<VideoEncoderName> => {
    let chosen: VideoEncoderName | undefined;
    const source = choice.open(item, { startFrame }, (encoder) => {
      chosen = encoder;
      return scripted(script);
    });
    for (const _ of script) await source.next().catch(() => undefined);
    return chosen!;
  };
  return { clock, news, run };
}

describe("the choice of an encoder", () => {
  it("is software when that is wanted, whatever happens", async () => {
    const { run, news } = bench("libx264");
    expect(await run({}, ["encoder_failed"])).toBe("libx264");
    expect(await run({}, ["gop", "end"])).toBe("libx264");
    expect(news).toEqual([]);
  });

  it.each(["encoder_failed", "encoder_stalled", "fragment_malformed", "gop_contract"] as const)(
    "falls to software on %s, and leaves hardware alone once software has shown that it was to blame",
    async (code) => {
      const { run, news, clock } = bench();
      const film = {};
      const other = {};
      expect(await run(other, ["gop", "end"])).toBe("h264_nvenc");
      expect(await run(film, ["gop", code])).toBe("h264_nvenc");
      // Until software has delivered, the file may be to blame: others are not affected.
      expect(await run(other, ["gop"])).toBe("h264_nvenc");
      expect(await run(film, ["gop", "end"])).toBe("libx264");
      expect(news).toEqual([{ encoder: "h264_nvenc", pauseMs: 60_000, reason: `it is ${code}` }]);
      expect(await run(other, ["gop"])).toBe("libx264");
      await clock.advance(60_000);
      expect(await run(other, ["gop"])).toBe("h264_nvenc");
    },
  );

  it("waits twice as long each time, at most half an hour, and forgets after a run that went well", async () => {
    const { run, news, clock } = bench();
    for (let round = 0; round < 8; round++) {
      const film = {};
      await run(film, ["encoder_failed"]);
      await run(film, ["gop"]);
      await clock.advance(news.at(-1)!.pauseMs);
    }
    expect(news.map(({ pauseMs }) => pauseMs / 60_000)).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    await run({}, ["gop", "end"]);
    const film = {};
    await run(film, ["encoder_failed"]);
    await run(film, ["gop"]);
    expect(news.at(-1)!.pauseMs).toBe(60_000);
  });

  it("does not blame hardware for a file that software cannot encode either, nor for a short one", async () => {
    const { run, news } = bench();
    const broken = {};
    expect(await run(broken, ["encoder_failed"])).toBe("h264_nvenc");
    expect(await run(broken, ["encoder_failed"])).toBe("libx264");
    // Over the bad spot, software delivers: that says nothing about the hardware.
    expect(await run(broken, ["gop", "end"])).toBe("libx264");
    expect(await run({}, ["gop", "encoder_short"])).toBe("h264_nvenc");
    expect(news).toEqual([]);
    expect(await run(broken, ["gop"], 0)).toBe("h264_nvenc");
  });
});
