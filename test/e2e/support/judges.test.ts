import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packetPid, trimCapture } from "../../support/capture.ts";
import { ffmpegDecode, gstDiscover, gstPlay, mpvPlay, tsprobe } from "../../support/judges.ts";
import { cached, generated, OUTPUT } from "../../support/media-cache.ts";
import { vlcPlay } from "../../support/vlc.ts";

const PACKET_BYTES = 188;
const VIDEO_PID = 0x100;
const AUDIO_PID = 0x101;

let folder: string;
let sound: string;
let stream: Buffer;

beforeAll(async () => {
  // Readable for us alone, as a test's folder is: VLC's user has to cope.
  folder = await mkdtemp(join(tmpdir(), "judges-"));
  const encode = "-t 4 -c:v libx264 -preset veryfast -g 25 -c:a aac -ac 2".split(" ");
  const inputs = [...generated("testsrc2=size=640x360:rate=25"), ...generated("sine=sample_rate=48000")];
  sound = await cached({ extension: ".ts", steps: [[...inputs, ...encode, OUTPUT]] });
  stream = await readFile(sound);
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, ...parts: Uint8Array[]): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, Buffer.concat(parts));
  return file;
}

/** Offset of a packet amid the stream that continues a PES packet of this PID. */
function middlePacket(pid: number): number {
  let offset = Math.floor(stream.length / PACKET_BYTES / 2) * PACKET_BYTES;
  while (packetPid(stream, offset) !== pid || stream[offset + 1]! & 0x40) offset += PACKET_BYTES;
  return offset;
}

async function withoutPacket(name: string, pid: number): Promise<string> {
  const offset = middlePacket(pid);
  return await write(name, stream.subarray(0, offset), stream.subarray(offset + PACKET_BYTES));
}

/** Gives every PID continuity counters without a step. */
function renumbered(packets: Buffer): Buffer {
  const counters = new Map<number, number>();
  for (let offset = 0; offset < packets.length; offset += PACKET_BYTES) {
    const pid = packetPid(packets, offset);
    const flags = packets[offset + 3]! & 0xf0;
    const counter = ((counters.get(pid) ?? -1) + (flags & 0x10 ? 1 : 0)) & 15;
    counters.set(pid, counter);
    packets[offset + 3] = flags | counter;
  }
  return packets;
}

describe("a sound stream", () => {
  it("passes every judge in silence", async () => {
    const report = await tsprobe(sound);
    expect(report).toMatchObject({ sync_loss: 0, cc_errors: 0, crc_errors: 0, pes_late_vs_pcr: 0 });
    expect(report.streams["h264@256"]).toMatchObject({ pes: 100, gaps: 0, backward: 0 });
    expect(await ffmpegDecode(sound)).toEqual([]);
    for (const play of [mpvPlay, gstPlay])
      expect(await play(sound)).toEqual({ played: true, complaints: [] });
    expect(await mpvPlay(sound, { seconds: 2 })).toEqual({ played: true, complaints: [] });
    for (const options of [{ decode: false }, { seconds: 2 }, {}]) {
      expect(await vlcPlay(sound, options)).toEqual({ played: true, complaints: [] });
    }
    expect((await gstDiscover(sound)).map(({ kind }) => kind)).toEqual(["container", "video", "audio"]);
  });

  it("passes when it was cut off anywhere and trimmed", async () => {
    for (const share of [0.31, 0.55, 0.83]) {
      const file = await write("cut.ts", stream.subarray(0, stream.length * share));
      await trimCapture(file);
      expect(await ffmpegDecode(file)).toEqual([]);
      expect(await gstPlay(file)).toEqual({ played: true, complaints: [] });
      expect(await mpvPlay(file)).toEqual({ played: true, complaints: [] });
      expect(await vlcPlay(file, { decode: false })).toEqual({ played: true, complaints: [] });
    }
  });
});

describe("a damaged stream", () => {
  it.each([
    ["a lost video packet", "video.ts", VIDEO_PID],
    ["a lost audio packet", "audio.ts", AUDIO_PID],
  ])("of %s is noticed by every judge", async (_, name, pid) => {
    const file = await withoutPacket(name, pid);
    expect((await tsprobe(file)).cc_errors).toBe(1);
    expect(await ffmpegDecode(file)).not.toEqual([]);
    for (const { played, complaints } of [await mpvPlay(file), await gstPlay(file)]) {
      expect(played).toBe(true);
      expect(complaints).not.toEqual([]);
    }
    const { complaints } = await vlcPlay(file, { decode: false });
    expect(complaints).toEqual([
      expect.stringMatching(/^ts demux warning: discontinuity received .* \(pid=25/),
    ]);
  });

  it("of bytes between packets is noticed by tsprobe and VLC alone", async () => {
    const offset = middlePacket(VIDEO_PID);
    const garbage = new Uint8Array(77);
    const file = await write("sync.ts", stream.subarray(0, offset), garbage, stream.subarray(offset));
    expect((await tsprobe(file)).sync_loss).toBe(1);
    const { complaints } = await vlcPlay(file, { decode: false });
    expect(complaints).toContainEqual(expect.stringContaining("lost synchro"));
    expect(await ffmpegDecode(file)).toEqual([]);
  });

  it("of a clock that jumps back amid faultless packets is noticed by those who follow the clock", async () => {
    const file = await write("jump.ts", renumbered(Buffer.concat([stream, stream])));
    expect(await tsprobe(file)).toMatchObject({ cc_errors: 0, pcr_backward: 1 });
    expect((await gstPlay(file)).complaints).not.toEqual([]);
    const { complaints } = await vlcPlay(file, { seconds: 6 });
    expect(complaints).toContain("main input debug: ES_OUT_RESET_PCR called");
    // Who only demultiplexes follows no clock.
    expect(await vlcPlay(file, { decode: false })).toEqual({ played: true, complaints: [] });
  });

  it("that is none at all plays nowhere", async () => {
    const file = await write("text.ts", Buffer.from("no stream\n".repeat(100)));
    for (const play of [mpvPlay, gstPlay, vlcPlay]) expect((await play(file)).played).toBe(false);
    expect(await ffmpegDecode(file)).not.toEqual([]);
    await expect(gstDiscover(file)).rejects.toThrow("found nothing");
  });
});
