import { rational } from "../src/base/rational.ts";
import { syntheticGop } from "../src/media/gop.fixtures.ts";
import { houseFormat } from "../src/media/house-format.ts";
import { Muxer } from "../src/mpegts/muxer.ts";
import { Splicer } from "../src/splice/splicer.ts";
import { compared, type Figure, median } from "./result.ts";

const ROUNDS = 7;

/** Bytes of transport stream written per second of CPU, beside plain copies of the same bytes. */
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
  const muxer = new Muxer({ format, serviceName: "Bench" });
  let frame = 0;
  const gopsPerRound = smoke ? 50 : 1000;
  const muxRound = () => {
    let bytes = 0;
    for (let index = 0; index < gopsPerRound; index++) {
      bytes += muxer.mux(splicer.place(gops[index % gops.length]!, frame)).bytes.length;
      frame += format.gopFrames;
    }
    return bytes;
  };
  const copyRound = () => {
    let bytes = 0;
    for (let index = 0; index < gopsPerRound; index++) {
      const { data } = gops[index % gops.length]!.video;
      bytes += Buffer.allocUnsafeSlow(data.length).fill(data).length;
    }
    return bytes;
  };
  muxRound();
  copyRound();
  const rates = Array.from({ length: ROUNDS }, () => ({ mux: rate(muxRound), copy: rate(copyRound) }));
  return [
    compared(
      ...(["muxing, one core", "MB/s"] as const),
      median(rates.map(({ mux }) => mux)),
      "memory copied",
      median(rates.map(({ copy }) => copy)),
      "≥ 480 MB/s",
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
