import { rational } from "../src/base/rational.ts";
import { syntheticGop } from "../src/media/gop.fixtures.ts";
import { houseFormat } from "../src/media/house-format.ts";
import { Muxer } from "../src/mpegts/muxer.ts";
import { Splicer } from "../src/splice/splicer.ts";
import { compared, type Figure, median } from "./result.ts";

const ROUNDS = 7;
const TARGET_BPS = 4_500_000;

/**
 * Bytes of transport stream written per second of CPU, at the media's own pace and at constant rate (with its
 * stuffing), beside plain copies of the same media.
 */
export function benchMux(smoke: boolean): Figure[] {
  const format = houseFormat({
    ...{ width: 1280, height: 720, fps: rational(30), gopSeconds: 1 },
    ...{ totalBps: 4_000_000, audioBps: 128_000 },
  });
  // About 4 Mb/s: 30 pictures of 16 kB on average.
  const gops = Array.from({ length: 8 }, (_, seed) =>
    syntheticGop({ format, frames: format.gopFrames, seed, maxUnitBytes: 32_000 }),
  );
  const splicer = new Splicer(format);
  const gopsPerRound = smoke ? 50 : 1000;
  const muxRound = (constantBps?: number) => {
    const muxer = new Muxer({ format, serviceName: "Bench" });
    let frame = 0;
    return () => {
      let bytes = 0;
      for (let index = 0; index < gopsPerRound; index++) {
        bytes += muxer.mux(splicer.place(gops[index % gops.length]!, frame), constantBps).bytes.length;
        frame += format.gopFrames;
      }
      return bytes;
    };
  };
  const copyRound = () => {
    let bytes = 0;
    for (let index = 0; index < gopsPerRound; index++) {
      const { data } = gops[index % gops.length]!.video;
      bytes += Buffer.allocUnsafeSlow(data.length).fill(data).length;
    }
    return bytes;
  };
  const rounds = { variable: muxRound(), constant: muxRound(TARGET_BPS), copy: copyRound };
  for (const round of Object.values(rounds)) round();
  const rates = Array.from({ length: ROUNDS }, () => ({
    variable: rate(rounds.variable),
    constant: rate(rounds.constant),
    copy: rate(rounds.copy),
  }));
  const of = (kind: keyof typeof rounds) => median(rates.map((measured) => measured[kind]));
  return [
    compared(
      "muxing, media's pace, one core",
      "MB/s",
      of("variable"),
      "memory copied",
      of("copy"),
      "≥ 480 MB/s",
    ),
    compared(
      "muxing, constant rate, one core",
      "MB/s",
      of("constant"),
      "memory copied",
      of("copy"),
      "≥ 100 MB/s",
    ),
  ];
}

/** MB per second of CPU. */
function rate(round: () => number): number {
  const before = process.cpuUsage();
  const bytes = round();
  const { user, system } = process.cpuUsage(before);
  return bytes / (user + system);
}
