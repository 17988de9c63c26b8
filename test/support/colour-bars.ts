import { generated, OUTPUT, place } from "./media-cache.ts";
import { runOrThrow } from "./process.ts";

/** Colours of the 75 % bars of SMPTE EG 1, left to right, as shares of full red, green and blue. */
export const BARS: readonly (readonly [red: number, green: number, blue: number])[] = [
  [0.75, 0.75, 0.75],
  [0.75, 0.75, 0],
  [0, 0.75, 0.75],
  [0, 0.75, 0],
  [0.75, 0, 0.75],
  [0.75, 0, 0],
  [0, 0, 0.75],
  [0, 0, 0],
];

/** Luma and chroma codes of 8 bits. */
export type Codes = readonly [y: number, cb: number, cr: number];

/** What a colour is in BT.709 of the narrow range (ITU-R BT.709-6 3.2 … 3.5), in codes with fractions. */
export function bt709Codes([red, green, blue]: readonly [number, number, number]): Codes {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return [16 + 219 * luma, 128 + (224 * (blue - luma)) / 1.8556, 128 + (224 * (red - luma)) / 1.5748];
}

/** A lavfi graph of the bars as RGB pictures. */
export function barsGraph(width: number, height: number): string {
  const channel = (index: 0 | 1 | 2) =>
    BARS.map((colour, bar) => `${Math.round(255 * colour[index])}*eq(X,${bar})`).join("+");
  return (
    `nullsrc=s=${BARS.length}x2:r=25,format=gbrp,geq=r='${channel(0)}':g='${channel(1)}':b='${channel(2)}',` +
    `scale=${width}:${height}:flags=neighbor,setsar=1`
  );
}

/** Makes a one-second clip of a picture graph; the graph's colours and the output options are the caller's. */
export function makeClip(folder: string, name: string, graph: string, ...options: string[]): Promise<string> {
  const steps = [[...generated(graph), "-t", "1", ...options, OUTPUT]];
  return place({ extension: name.slice(name.lastIndexOf(".")), steps }, folder, name);
}

/** The codes in the middle of `columns` equal columns of a file's tenth picture, as decoded, nothing converted. */
export async function measureColumns(file: string, columns: number): Promise<Codes[]> {
  const entries = ["-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0"];
  const { stdout } = await runOrThrow("ffprobe", ["-v", "error", ...entries, file], { seconds: 30 });
  const [width = 0, height = 0] = stdout.trim().split("\n")[0]!.split(",").map(Number);
  const chunks: Buffer[] = [];
  const args = [
    "-v",
    "error",
    "-i",
    file,
    "-vf",
    "select=eq(n\\,10)",
    "-frames:v",
    "1",
    "-f",
    "rawvideo",
    "-",
  ];
  await runOrThrow("ffmpeg", args, { seconds: 60, onStdout: (chunk) => chunks.push(chunk) });
  const picture = Buffer.concat(chunks);
  if (picture.length !== (width * height * 3) / 2) throw new Error(`${file}: not a 4:2:0 picture of 8 bits`);
  const mean = (start: number, stride: number, rows: number, column: number) => {
    let [sum, count] = [0, 0];
    const [left, right] = [(column + 0.35) * (stride / columns), (column + 0.65) * (stride / columns)];
    for (let y = Math.floor(rows * 0.4); y < rows * 0.6; y++) {
      for (let x = Math.floor(left); x < right; x++, count++) sum += picture[start + y * stride + x]!;
    }
    return sum / count;
  };
  const [luma, half] = [width * height, width / 2];
  return Array.from({ length: columns }, (_, column) => [
    mean(0, width, height, column),
    mean(luma, half, height / 2, column),
    mean(luma * 1.25, half, height / 2, column),
  ]);
}
