import { readFile } from "node:fs/promises";
import { rational } from "../../src/base/rational.ts";
import { frameNumberPicture } from "./frame-number.ts";
import { cached, generated, OUTPUT } from "./media-cache.ts";

/** What a broadcast shows: its programme (frame numbers and a tone), or one of the ways in which it lacks something. */
export type Picture = "programme" | "black" | "frozen" | "silent";

/** Length of a segment, and of the loop that a programme is. */
export const SEGMENT_SECONDS = 2;
const SEGMENTS = 8;
/** 16 s are 480 pictures and 750 AAC frames: the loop joins without a gap. */
export const LOOP_FRAMES = 480;
const FPS = rational(30);
const PACKET = 188;
const VIDEO_PID = 256;
const CLOCK_RANGE = 2 ** 33;

/** What a broadcast's programme looks like. */
export interface BroadcastOptions {
  /** Number in the loop's first picture, see `makeFrameNumberClip`; default 0. */
  readonly firstNumber?: number;
  /** Frequency of its tone in Hz; default 440. */
  readonly tone?: number;
  /** Default 320×180. */
  readonly width?: number;
  readonly height?: number;
}

/**
 * A live transport stream in segments of two seconds: the pictures of a clip over and over, with timestamps and
 * continuity counters that run on, from whatever picture is shown, until `jump` moves them.
 */
export class Broadcast {
  readonly #clips: Readonly<Record<Picture, readonly Uint8Array[]>>;
  readonly #counters = new Map<number, number>();
  #picture: Picture = "programme";
  #jumpTicks = 0;
  #made = 0;

  private constructor(clips: Readonly<Record<Picture, readonly Uint8Array[]>>) {
    this.#clips = clips;
  }

  static async open(options: BroadcastOptions = {}): Promise<Broadcast> {
    const names: readonly Picture[] = ["programme", "black", "frozen", "silent"];
    const clips = await Promise.all(names.map((name) => clipOf(name, options)));
    return new Broadcast(Object.fromEntries(names.map((name, at) => [name, clips[at]!])) as never);
  }

  /** Shows something else from the next segment on. */
  show(picture: Picture): void {
    this.#picture = picture;
  }

  /** Moves all timestamps by so much from the next segment on, back or forth. */
  jump(seconds: number): void {
    this.#jumpTicks += seconds * 90_000;
  }

  /** Makes the next segment. */
  next(): Uint8Array {
    const at = this.#made % SEGMENTS;
    const loops = (this.#made - at) / SEGMENTS;
    this.#made++;
    const ticks = loops * SEGMENTS * SEGMENT_SECONDS * 90_000 + this.#jumpTicks;
    const segment = Uint8Array.from(this.#clips[this.#picture][at]!);
    for (let start = 0; start < segment.length; start += PACKET) {
      this.#renew(segment.subarray(start, start + PACKET), ticks);
    }
    return segment;
  }

  #renew(packet: Uint8Array, ticks: number): void {
    const pid = pidOf(packet);
    const hasPayload = (packet[3]! & 0x10) !== 0;
    if (hasPayload) {
      const counter = ((this.#counters.get(pid) ?? -1) + 1) % 16;
      this.#counters.set(pid, counter);
      packet[3] = (packet[3]! & 0xf0) | counter;
    }
    const adaptation = (packet[3]! & 0x20) !== 0 ? packet[4]! + 1 : 0;
    if (adaptation > 1 && (packet[5]! & 0x10) !== 0) movePcr(packet.subarray(6, 12), ticks);
    const payload = packet.subarray(4 + adaptation);
    const beginsPes = (packet[1]! & 0x40) !== 0 && payload[0] === 0 && payload[1] === 0 && payload[2] === 1;
    if (!hasPayload || !beginsPes) return;
    if (payload[7]! & 0x80) moveStamp(payload.subarray(9, 14), ticks);
    if (payload[7]! & 0x40) moveStamp(payload.subarray(14, 19), ticks);
  }
}

/** A clip's segments, each beginning with PAT, PMT and a key picture. */
async function clipOf(picture: Picture, options: BroadcastOptions): Promise<Uint8Array[]> {
  const { width = 320, height = 180, tone = 440 } = options;
  const size = `${width}x${height}`;
  // The segment before the loop takes the numbers before its first one.
  const firstNumber = (options.firstNumber ?? 0) - SEGMENT_SECONDS * FPS.num;
  const programme = frameNumberPicture({ fps: FPS, width, height, firstNumber });
  const pictures: Record<Picture, string> = {
    programme,
    silent: programme,
    black: `color=black:s=${size}:r=30,format=yuv420p`,
    frozen: `testsrc=s=${size}:r=30,trim=end_frame=1,loop=loop=-1:size=1,setpts=N/30/TB,format=yuv420p`,
  };
  const sound = picture === "silent" ? "anullsrc=r=48000:cl=stereo" : `sine=${tone}:sample_rate=48000`;
  // A segment more at either end, so that the loop has neither the codecs' beginning nor their end in it.
  const seconds = (SEGMENTS + 2) * SEGMENT_SECONDS;
  const args = [
    ...generated(pictures[picture]),
    ...generated(`${sound},aformat=channel_layouts=stereo`),
    ...[
      "-t",
      String(seconds),
      "-c:v",
      "libx264",
      "-preset",
      "veryfast",
      "-profile:v",
      "main",
      "-b:v",
      "400k",
    ],
    ...["-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-bf", "2", "-c:a", "aac", "-b:a", "96k"],
    ...["-f", "mpegts", "-mpegts_flags", "+pat_pmt_at_frames", "-pes_payload_size", "16", OUTPUT],
  ];
  const bytes = await readFile(await cached({ extension: ".ts", steps: [args] }));
  const cuts = keyPictures(bytes);
  if (cuts.length !== SEGMENTS + 2) throw new Error(`a clip has ${cuts.length} key pictures`);
  return Array.from({ length: SEGMENTS }, (_, at) => bytes.subarray(cuts[at + 1]!, cuts[at + 2]!));
}

/** Where the tables before each key picture begin. */
function keyPictures(bytes: Uint8Array): number[] {
  const cuts: number[] = [];
  let tables = 0;
  for (let start = 0; start < bytes.length; start += PACKET) {
    const packet = bytes.subarray(start, start + PACKET);
    const pid = pidOf(packet);
    if (pid === 0) tables = start;
    const begins = pid === VIDEO_PID && (packet[1]! & 0x40) !== 0;
    const isRandomAccess = (packet[3]! & 0x20) !== 0 && packet[4]! > 0 && (packet[5]! & 0x40) !== 0;
    if (begins && isRandomAccess) cuts.push(tables);
  }
  return cuts;
}

function pidOf(packet: Uint8Array): number {
  return ((packet[1]! & 0x1f) << 8) | packet[2]!;
}

/** ISO/IEC 13818-1 2.4.3.5: 33 bits of 90 kHz; the extension stays. */
function movePcr(field: Uint8Array, ticks: number): void {
  const view = new DataView(field.buffer, field.byteOffset, 6);
  const base = wrap(view.getUint32(0) * 2 + (field[4]! >> 7) + ticks);
  view.setUint32(0, Math.floor(base / 2));
  field[4] = (field[4]! & 0x7f) | ((base % 2) << 7);
}

/** ISO/IEC 13818-1 2.4.3.7: 33 bits in pieces of 3, 15 and 15, each followed by a marker. */
function moveStamp(field: Uint8Array, ticks: number): void {
  const high = (field[0]! >> 1) & 7;
  const middle = (field[1]! << 7) | (field[2]! >> 1);
  const low = (field[3]! << 7) | (field[4]! >> 1);
  const moved = wrap(high * 2 ** 30 + middle * 2 ** 15 + low + ticks);
  const pieces = [Math.floor(moved / 2 ** 30), Math.floor(moved / 2 ** 15) % 2 ** 15, moved % 2 ** 15];
  field[0] = (field[0]! & 0xf0) | (pieces[0]! << 1) | 1;
  field[1] = pieces[1]! >> 7;
  field[2] = ((pieces[1]! & 0x7f) << 1) | 1;
  field[3] = pieces[2]! >> 7;
  field[4] = ((pieces[2]! & 0x7f) << 1) | 1;
}

function wrap(ticks: number): number {
  return ((ticks % CLOCK_RANGE) + CLOCK_RANGE) % CLOCK_RANGE;
}
