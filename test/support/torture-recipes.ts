import { generated, OUTPUT, PREVIOUS, type Recipe } from "./media-cache.ts";

/** A playable torture file: what it is called, how it is made, what a prober ought to find in it. */
export interface TortureRecipe {
  /** Names are hostile too: apostrophes, percent signs, brackets, letters beyond ASCII. */
  readonly name: string;
  /** Seconds of moving picture; 0 when there is none (a cover is none). */
  readonly pictureSeconds: number;
  /** Seconds of sound; 0 when there is none. */
  readonly soundSeconds: number;
  readonly recipe: Recipe;
}

interface Sketch {
  readonly name: string;
  readonly picture?: readonly string[];
  readonly pictureSeconds?: number;
  readonly sound?: readonly string[];
  readonly soundSeconds?: number;
  readonly finish?: readonly (readonly string[])[];
}

const SECONDS = 5;
const X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"];
const AAC = ["-c:a", "aac", "-b:a", "128k"];

function testPicture(size: string, rate: string, filters = ""): string {
  return `testsrc2=size=${size}:rate=${rate}${filters}`;
}

function tone(hz: number, layout = "stereo", sampleRate = 48_000): string {
  return `sine=frequency=${hz}:sample_rate=${sampleRate},aformat=channel_layouts=${layout}`;
}

/** A different tone in each of `channels` channels, so that a lost or swapped channel can be heard. */
function chord(channels: number, layout: string): string {
  const voices = Array.from({ length: channels }, (_, index) => `0.2*sin(2*PI*${220 * (index + 1)}*t)`);
  return `aevalsrc=${voices.join("|")}:channel_layout=${layout}:sample_rate=48000`;
}

/** `picture` and `sound` are a generating graph each, followed by that stream's output options. */
function torture(sketch: Sketch): TortureRecipe {
  const pictureSeconds = sketch.picture ? (sketch.pictureSeconds ?? SECONDS) : 0;
  const soundSeconds = sketch.sound ? (sketch.soundSeconds ?? SECONDS) : 0;
  const inputs: string[] = [];
  const outputs: string[] = [];
  for (const [stream, seconds] of [
    [sketch.picture, pictureSeconds],
    [sketch.sound, soundSeconds],
  ] as const) {
    if (!stream) continue;
    const [graph, ...options] = stream;
    inputs.push("-t", String(seconds), ...generated(graph!));
    outputs.push(...options);
  }
  return {
    name: sketch.name,
    pictureSeconds,
    soundSeconds,
    recipe: {
      extension: sketch.name.slice(sketch.name.lastIndexOf(".")),
      steps: [[...inputs, ...outputs, OUTPUT], ...(sketch.finish ?? [])],
    },
  };
}

/** The one whose beginning serves as the truncated file: its index (moov) stands at the end. */
export const PLAIN_MP4 = torture({
  name: "01 It's plain H.264 + AAC.mp4",
  picture: [testPicture("640x360", "25"), ...X264],
  sound: [tone(440), ...AAC],
});

const INTERLACED = ["-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-top", "1", "-b:v", "3M"];
const VFR = "-vsync vfr -enc_time_base 1:1000".split(" ");
// Half of the frames at random, shifted by up to 20 ms, and nothing at all between 2.0 and 3.4 s.
const SCREEN_CAPTURE = [
  ",settb=1/1000",
  "select='(lt(t,2)+gt(t,3.4))*gt(random(1),0.5)'",
  "setpts='PTS+floor(20*random(2))'",
].join(",");

/** All playable files of the torture folder, in natural order of their names. */
export const TORTURE_RECIPES: readonly TortureRecipe[] = [
  PLAIN_MP4,
  torture({
    name: "02 HEVC 10-bit, AC-3 5.1.mkv",
    picture: [
      testPicture("640x360", "24"),
      ..."-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p10le".split(" "),
    ],
    sound: [chord(6, "5.1"), "-c:a", "ac3", "-b:a", "384k"],
  }),
  torture({
    name: "03 MPEG-2 interlaced 29.97 [NTSC].ts",
    picture: [
      testPicture("720x480", "60000/1001", ",tinterlace=mode=interleave_top,setfield=tff,setsar=32/27"),
      ...INTERLACED,
    ],
    sound: [tone(550), "-c:a", "mp2", "-b:a", "192k"],
  }),
  torture({
    name: "04 100% VP9 & Opus #4?.webm",
    picture: [
      testPicture("640x360", "24000/1001"),
      ..."-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 600k".split(" "),
    ],
    sound: [tone(660), "-c:a", "libopus", "-b:a", "96k"],
  }),
  torture({ name: "05-without-sound.mp4", picture: [testPicture("640x360", "30"), ...X264] }),
  torture({
    name: "06 sound alone.mp3",
    sound: [tone(330, "stereo", 44_100), "-c:a", "libmp3lame", "-metadata", "title=Nur Töne: 'Größe' 100%"],
  }),
  torture({
    name: "07 sound with a cover.mp3",
    sound: [
      tone(350, "stereo", 44_100),
      ...generated("testsrc2=size=300x300:rate=1,trim=end_frame=1"),
      ..."-map 0:a -map 1:v -c:v mjpeg -disposition:v attached_pic -id3v2_version 3".split(" "),
      ..."-c:a libmp3lame -metadata title=Covered".split(" "),
    ],
  }),
  torture({
    name: "08 Hochkant – Telefon.mp4",
    picture: [testPicture("640x360", "30"), ...X264],
    sound: [tone(480, "mono"), ...AAC],
    finish: [["-i", PREVIOUS, "-c", "copy", "-metadata:s:v:0", "rotate=90", OUTPUT]],
  }),
  torture({
    name: "09 screen capture, variable rate.mkv",
    picture: [testPicture("640x360", "30", SCREEN_CAPTURE), ...VFR, ...X264],
    sound: [tone(500), ...AAC],
  }),
  torture({
    name: "10 H.264 4-4-4.mkv",
    picture: [testPicture("640x360", "25"), ..."-c:v libx264 -preset veryfast -pix_fmt yuv444p".split(" ")],
    sound: [tone(520), ...AAC],
  }),
  torture({
    name: "11-very-short.mp4",
    picture: [testPicture("640x360", "30"), ...X264],
    pictureSeconds: 1.3,
    sound: [tone(540), ...AAC],
    soundSeconds: 1.3,
  }),
  torture({
    name: "12 sound ends early.mp4",
    picture: [testPicture("640x360", "25"), ...X264],
    sound: [tone(560), ...AAC],
    soundSeconds: 3,
  }),
  torture({
    name: "13 picture ends early.mp4",
    picture: [testPicture("640x360", "25"), ...X264],
    pictureSeconds: 3,
    sound: [tone(580), ...AAC],
  }),
  torture({
    name: "14 saturated noise.mp4",
    picture: [
      "color=gray:size=640x360:rate=30,noise=alls=100:allf=t+u",
      ..."-c:v libx264 -preset ultrafast -crf 32 -pix_fmt yuv420p".split(" "),
    ],
    pictureSeconds: 10,
    sound: ["aevalsrc=random(0)*2-1|random(1)*2-1:sample_rate=48000", "-c:a", "aac", "-b:a", "256k"],
    soundSeconds: 10,
  }),
  torture({
    name: "15 FLAC 7.1.mkv",
    picture: [testPicture("640x360", "50"), ...X264],
    sound: [chord(8, "7.1"), "-c:a", "flac"],
  }),
  torture({
    name: "16 mono 22.05 kHz.avi",
    picture: [testPicture("640x480", "25"), "-c:v", "mpeg4", "-q:v", "5"],
    sound: [tone(600, "mono", 22_050), "-c:a", "libmp3lame", "-b:a", "64k"],
  }),
  torture({
    name: "17 anamorphic DVD [PAL].vob",
    picture: [
      testPicture("720x576", "50", ",tinterlace=mode=interleave_top,setfield=tff,setsar=64/45"),
      ...INTERLACED,
    ],
    sound: [tone(620), "-c:a", "ac3", "-b:a", "192k"],
  }),
];
