import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A program that stands in for an ffmpeg with hardware, and the switch that breaks it. */
export interface PretendHardware {
  readonly ffmpeg: string;
  /** While this file exists, runs of the hardware encoder fail as NVENC does when all its sessions are taken. */
  readonly brokenFlag: string;
  /** A line per run of the hardware encoder. */
  readonly journal: string;
}

/**
 * Writes a wrapper around ffmpeg in which `h264_nvenc` works: in truth libx264 with the tools that a simple
 * hardware encoder has, so that its parameter sets differ from those of the server's software encoder. Other
 * hardware encoders fail as they do on a machine without any.
 */
export async function pretendHardware(folder: string): Promise<PretendHardware> {
  const ffmpeg = join(folder, "ffmpeg-with-hardware");
  const brokenFlag = join(folder, "hardware-is-broken");
  const journal = join(folder, "hardware-runs");
  await writeFile(ffmpeg, script(brokenFlag, journal));
  await chmod(ffmpeg, 0o755);
  return { ffmpeg, brokenFlag, journal };
}

const script = (brokenFlag: string, journal: string) => `#!/bin/bash
case " $* " in
  *" -c:v h264_nvenc "*) ;;
  *) exec ffmpeg "$@" ;;
esac
echo "$$" >> '${journal}'
if [ -e '${brokenFlag}' ]; then
  echo "[h264_nvenc @ 0x1] OpenEncodeSessionEx failed: out of memory (10)" >&2
  exit 1
fi
args=()
inside=
while [ $# -gt 0 ]; do
  case "$1" in
    -c:v) inside=1 ;;
    -c:a)
      inside=
      args+=(-c:v libx264 -preset ultrafast -tune zerolatency -profile:v main -pix_fmt yuv420p)
      args+=(-maxrate "$rate" -bufsize "$rate" -crf 24 -g "$gop" -keyint_min "$gop" -sc_threshold 0)
      args+=(-flags:v +cgop -bsf:v h264_metadata=aud=remove)
      ;;
    -g) gop=$2 ;;
    -maxrate) rate=$2 ;;
  esac
  [ -z "$inside" ] && args+=("$1")
  shift
done
# Children of a shell that is killed live on: the encoder must take its place.
exec ffmpeg "\${args[@]}"
`;
