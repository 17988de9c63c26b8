import { rational } from "../src/base/rational.ts";
import { plainScreen } from "../src/error-screens/plain-screen.ts";
import { houseFormat } from "../src/media/house-format.ts";
import { type Figure, median } from "./result.ts";

const TEXT = { title: "ffmpeg is missing", detail: "The programme goes on by itself as soon as it is back." };

/** CPU time in which the screen for a missing ffmpeg is made, and what it weighs. */
export function benchPlainScreen(smoke: boolean): Figure[] {
  const format = houseFormat({
    ...{ width: 1920, height: 1080, fps: rational(30), gopSeconds: 1 },
    ...{ totalBps: 4_000_000, audioBps: 128_000 },
  });
  const milliseconds = Array.from({ length: smoke ? 5 : 50 }, () => {
    const before = process.cpuUsage();
    plainScreen(format, TEXT);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  const bytes = plainScreen(format, TEXT)[0]!.video.data.length;
  return [
    { name: "plain screen 1080p, encoded", value: median(milliseconds), unit: "ms", aim: "< 20 ms" },
    { name: "plain screen 1080p, a Gop", value: bytes / 1000, unit: "kB", aim: "< 30 kB" },
  ];
}
