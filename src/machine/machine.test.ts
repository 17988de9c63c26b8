import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { rational } from "../base/rational.ts";
import { houseFormat } from "../media/house-format.ts";
import { capacityOf, describeCapacity } from "./capacity.ts";
import { readKnowledge, writeKnowledge } from "./knowledge.ts";
import { Machine } from "./machine.ts";

const clock = new SystemClock();
const FORMAT = houseFormat({
  ...{ width: 160, height: 90, fps: rational(25), gopSeconds: 1 },
  ...{ totalBps: 600_000, audioBps: 64_000 },
});

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "exstreamtv-machine-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** An ffmpeg that lists these encoders and does `body` when it is to encode; each encoding leaves a line. */
async function fakeFfmpeg(encoders: string, body: string): Promise<string> {
  const path = join(folder, "ffmpeg");
  const list = encoders.split(" ").map((name) => ` V....D ${name}  an encoder`);
  const script = [
    "#!/bin/bash",
    `case "$*" in *-encoders*) printf '%s\\n' '${list.join("' '")}'; exit 0;; esac`,
    `echo run >> '${join(folder, "runs")}'`,
    body,
  ];
  await writeFile(path, `${script.join("\n")}\n`);
  await chmod(path, 0o755);
  return path;
}

async function runs(): Promise<number> {
  const text = await readFile(join(folder, "runs"), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

function openMachine(ffmpeg: string, ffmpegVersion = "5.1"): Promise<Machine> {
  return Machine.open({ dataFolder: folder, ffmpegVersion, surroundings: { ffmpeg, folder, clock } });
}

/** Swaps the hardware encoder for software that keeps to the contract, or with `gop` breaks it. */
const swapped = (gop: string) => `
args=()
for word in "$@"; do [ "$word" = h264_nvenc ] && word=libx264; args+=("$word"); done
for index in "\${!args[@]}"; do
  case "\${args[$index]}" in
    -preset) args[index+1]=ultrafast ;;
    -rc|-forced-idr|-no-scenecut|-strict_gop) args[index]=-metadata; args[index+1]=a=b ;;
    -g|-keyint_min) args[index+1]=${gop} ;;
  esac
done
exec ffmpeg "\${args[@]}"`;

describe("what a machine can do", () => {
  it("is found by encoding: software works", { timeout: 20_000 }, async () => {
    const machine = await openMachine("ffmpeg");
    expect(await machine.trial("libx264", FORMAT)).toEqual({ encoder: "libx264", works: true, reason: "" });
    const capacity = await machine.measure("libx264", FORMAT);
    expect(capacity.speed).toBeGreaterThan(0.5);
    expect(machine.capacity("libx264", FORMAT)).toEqual(capacity);
    expect((await openMachine("ffmpeg")).capacity("libx264", FORMAT)).toEqual(capacity);
    expect((await openMachine("ffmpeg", "7.0")).capacity("libx264", FORMAT)).toBeUndefined();
    expect(machine.capacity("libx264", { ...FORMAT, width: 320 })).toBeUndefined();
  });

  it("is kept, with the reason in ffmpeg's words, and tried again when somebody insists", async () => {
    const error = "echo '[h264_nvenc @ 0x12] Cannot load libcuda.so.1' >&2; echo 'and so on' >&2; exit 1";
    const machine = await openMachine(await fakeFfmpeg("libx264 h264_nvenc", error));
    const refused = [{ encoder: "h264_nvenc", works: false, reason: "Cannot load libcuda.so.1" }];
    expect(await machine.trial("h264_nvenc", FORMAT)).toEqual(refused[0]);
    expect(await machine.trial("h264_nvenc", FORMAT)).toEqual(refused[0]);
    expect(await runs()).toBe(1);
    expect(await machine.decide("h264_nvenc", FORMAT)).toEqual({ encoder: "libx264", refused });
    expect(await runs()).toBe(2);
    const others = ["h264_qsv", "h264_videotoolbox", "h264_amf", "h264_vaapi", "h264_v4l2m2m"].map(
      (encoder) => ({
        ...{ encoder, works: false, reason: "this ffmpeg was built without it" },
      }),
    );
    expect(await machine.decide("auto", FORMAT)).toEqual({
      encoder: "libx264",
      refused: [...refused, ...others],
    });
    expect(await machine.decide("libx264", FORMAT)).toEqual({ encoder: "libx264", refused: [] });
    expect(await runs()).toBe(2);
  });

  it("takes hardware that keeps the contract of the house format", async () => {
    const machine = await openMachine(await fakeFfmpeg("libx264 h264_nvenc", swapped("25")));
    expect(await machine.decide("auto", FORMAT)).toEqual({ encoder: "h264_nvenc", refused: [] });
  });

  it.each(["12", "50"])("refuses hardware that makes groups of %s pictures", async (gop) => {
    const machine = await openMachine(await fakeFfmpeg("libx264 h264_nvenc", swapped(gop)));
    const { encoder, refused } = await machine.decide("h264_nvenc", FORMAT);
    expect(encoder).toBe("libx264");
    expect(refused[0]!.reason).toMatch(/group/);
  });

  it("is forgotten when the file is damaged, or another machine's", async () => {
    const capacities = { a: capacityOf(3) };
    await writeKnowledge(folder, { version: 1, machine: "this", trials: {}, capacities });
    expect((await readKnowledge(folder, "this")).capacities).toEqual(capacities);
    expect((await readKnowledge(folder, "that")).capacities).toEqual({});
    await writeFile(join(folder, "machine.json"), '{"version":1,');
    expect((await readKnowledge(folder, "this")).capacities).toEqual({});
  });

  it.each([
    [0.9, "This machine is too slow for a channel at 160×90, 25 fps: choose a smaller house_format."],
    [2.1, "This machine encodes about 1 channel at 160×90, 25 fps."],
    [10, "This machine encodes about 8 channels at 160×90, 25 fps."],
  ])("at %s times real time is a sentence", (speed, sentence) => {
    expect(describeCapacity(capacityOf(speed), FORMAT)).toBe(sentence);
  });
});
