import { execFileSync } from "node:child_process";
import { rational } from "../base/rational.ts";
import { houseFormat } from "../media/house-format.ts";

/** House format of the fixtures: small, 25 frames per second, Gops of one second. */
export const FIXTURE_FORMAT = houseFormat({
  ...{ width: 160, height: 90, fps: rational(25), gopSeconds: 1 },
  ...{ totalBps: 600_000, audioBps: 64_000 },
});

/** Frames in `encoderOutput`. */
export const FIXTURE_FRAMES = 60;

/** What the encoder writes for 2.4 s of test picture: fragmented MP4, a fragment a Gop. */
export function encoderOutput(): Buffer {
  return execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=2.4"],
    ...["-f", "lavfi", "-i", "sine=f=440:r=48000:d=2.5", "-c:v", "libx264", "-preset", "veryfast"],
    ...["-x264-params", "keyint=25:min-keyint=25:scenecut=0:bframes=2:b-pyramid=none"],
    ...["-c:a", "aac", "-ac", "2", "-f", "mp4"],
    ...["-movflags", "frag_keyframe+empty_moov+default_base_moof", "pipe:1"],
  ]);
}
