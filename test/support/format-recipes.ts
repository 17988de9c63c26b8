/** How a file of the formats table is made, and what is right for it. */
export interface FormatSketch {
  /** Name of the file, by whose extension ffmpeg chooses the container. */
  readonly name: string;
  /** What is unusual about it. */
  readonly oddity?: string;
  /** Appended to the generated picture; undefined for no picture at all. */
  readonly picture?: string;
  readonly size?: string;
  readonly rate?: string;
  /** Output options; codecs first. */
  readonly options: string;
  readonly silent?: boolean;
  readonly sampleRate?: number;
  /** More steps of ffmpeg options, from the previous file to the next. */
  readonly finish?: readonly string[];
  /** What is done to the bytes of the finished file. */
  readonly damage?: "cut" | "corrupt" | "headless" | "noise";
  /** A name that the file is given in the end, to lie about its container. */
  readonly renamed?: string;
}

const AAC = "-c:a aac -b:a 64k";
const MP2 = "-c:a mp2 -b:a 128k";
const X264 = "-c:v libx264 -preset ultrafast";

/** Everything that Debian's ffmpeg can write and a media folder may hold, and what is done to files in the wild. */
export const FORMATS: readonly FormatSketch[] = [
  { name: "h264-aac.mp4", options: `${X264} -pix_fmt yuv420p ${AAC}` },
  { name: "h264-ac3.mov", options: `${X264} -pix_fmt yuv420p -c:a ac3` },
  { name: "h264-flac.mkv", options: `${X264} -pix_fmt yuv420p -c:a flac` },
  { name: "h264-eac3.ts", options: `${X264} -pix_fmt yuv420p -c:a eac3` },
  { name: "h264-ac3.m2ts", options: `${X264} -pix_fmt yuv420p -c:a ac3` },
  { name: "h264-aac.flv", options: `${X264} -pix_fmt yuv420p ${AAC}` },
  { name: "h264-aac.3gp", options: `${X264} -pix_fmt yuv420p ${AAC}` },
  { name: "h264-dts.mkv", options: `${X264} -pix_fmt yuv420p -strict -2 -c:a dca`, oddity: "DTS" },
  { name: "h264-truehd.mkv", options: `${X264} -pix_fmt yuv420p -strict -2 -c:a truehd`, oddity: "TrueHD" },
  { name: "h264-alac.mov", options: `${X264} -pix_fmt yuv420p -c:a alac` },
  { name: "h264-pcm.mov", options: `${X264} -pix_fmt yuv420p -c:a pcm_s24le` },
  { name: "h264-opus.mp4", options: `${X264} -pix_fmt yuv420p -c:a libopus` },
  {
    ...{ name: "h264-interlaced.mkv", oddity: "interlaced", size: "720x576", rate: "50" },
    ...{
      picture: "tinterlace=interleave_top,setfield=tff",
      options: `${X264} -flags +ildct+ilme -x264-params tff=1 ${AAC}`,
    },
  },
  { name: "h264-422.mkv", oddity: "4:2:2", options: `${X264} -pix_fmt yuv422p ${AAC}` },
  { name: "h264-444.mkv", oddity: "4:4:4", options: `${X264} -pix_fmt yuv444p ${AAC}` },
  { name: "h264-10-bit.mkv", oddity: "10 bit", options: `${X264} -pix_fmt yuv420p10le ${AAC}` },
  { name: "h264-rgb.mkv", oddity: "RGB", options: `-c:v libx264rgb -preset ultrafast ${AAC}` },
  {
    ...{ name: "h264-pyramid.mp4", oddity: "B-frame pyramid, open groups" },
    options: `-c:v libx264 -preset veryfast -bf 8 -x264-params b-pyramid=normal:b-adapt=2:open-gop=1 -pix_fmt yuv420p ${AAC}`,
  },
  {
    name: "hevc-aac.mp4",
    options: `-c:v libx265 -preset ultrafast -x265-params log-level=error -tag:v hvc1 ${AAC}`,
  },
  {
    ...{ name: "hevc-hdr10.mkv", oddity: "HDR10", picture: "format=yuv420p10le" },
    options: `-c:v libx265 -preset ultrafast -x265-params log-level=error -color_trc smpte2084 -colorspace bt2020nc -color_primaries bt2020 ${AAC}`,
  },
  { name: "hevc-ac3.ts", options: "-c:v libx265 -preset ultrafast -x265-params log-level=error -c:a ac3" },
  { name: "mpeg1-mp2.mpg", options: `-c:v mpeg1video -b:v 800k ${MP2}`, rate: "25" },
  { name: "mpeg2-mp2.ts", options: `-c:v mpeg2video -b:v 1M ${MP2}` },
  { name: "mpeg2-ac3.vob", options: "-c:v mpeg2video -b:v 1M -c:a ac3 -f vob" },
  { name: "mpeg2-pcm.mxf", options: "-c:v mpeg2video -b:v 1M -c:a pcm_s16le" },
  { name: "mpeg4-mp3.avi", options: "-c:v mpeg4 -q:v 5 -c:a libmp3lame" },
  { name: "xvid-mp3.avi", oddity: "packed B-frames", options: "-c:v libxvid -q:v 5 -bf 2 -c:a libmp3lame" },
  { name: "mpeg4-aac.mp4", options: `-c:v mpeg4 -q:v 5 ${AAC}` },
  { name: "msmpeg4-mp3.avi", options: "-c:v msmpeg4 -q:v 5 -c:a libmp3lame" },
  { name: "h263-aac.3gp", options: `-c:v h263 -q:v 5 ${AAC}`, size: "176x144" },
  { name: "vp8-vorbis.webm", options: "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis" },
  { name: "vp9-opus.webm", options: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus" },
  {
    ...{ name: "vp8-alpha.webm", oddity: "alpha", picture: "format=yuva420p" },
    options: "-c:v libvpx -deadline realtime -cpu-used 8 -auto-alt-ref 0 -c:a libvorbis",
  },
  { name: "av1-opus.mkv", options: "-c:v libsvtav1 -preset 12 -c:a libopus" },
  { name: "av1-aac.mp4", options: `-c:v libaom-av1 -cpu-used 8 -usage realtime ${AAC}` },
  { name: "theora-vorbis.ogv", options: "-c:v libtheora -q:v 6 -c:a libvorbis" },
  {
    name: "mjpeg-pcm.avi",
    oddity: "full range",
    options: "-c:v mjpeg -q:v 4 -pix_fmt yuvj422p -c:a pcm_s16le",
  },
  { name: "mjpeg-pcm.mov", options: "-c:v mjpeg -q:v 4 -pix_fmt yuvj420p -c:a pcm_s16be" },
  { name: "prores-pcm.mov", options: "-c:v prores_ks -profile:v 3 -c:a pcm_s16le" },
  {
    name: "prores-4444.mov",
    oddity: "alpha",
    options: "-c:v prores_ks -profile:v 4 -pix_fmt yuva444p10le -c:a pcm_s16le",
  },
  {
    name: "dnxhr-pcm.mxf",
    options: "-c:v dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p -c:a pcm_s16le",
    size: "320x180",
  },
  { name: "ffv1-flac.mkv", options: "-c:v ffv1 -c:a flac" },
  { name: "ffv1-grey.mkv", oddity: "monochrome", options: `-c:v ffv1 -pix_fmt gray ${AAC}` },
  { name: "huffyuv-pcm.avi", options: "-c:v huffyuv -c:a pcm_s16le" },
  { name: "utvideo-pcm.avi", options: "-c:v utvideo -c:a pcm_s16le" },
  { name: "rawvideo-pcm.avi", options: "-c:v rawvideo -pix_fmt yuv420p -c:a pcm_s16le" },
  { name: "rawvideo-pcm.nut", options: "-c:v rawvideo -pix_fmt rgb24 -c:a pcm_s16le" },
  { name: "wmv2-wma2.wmv", options: "-c:v wmv2 -q:v 5 -c:a wmav2" },
  { name: "wmv1-wma1.asf", options: "-c:v wmv1 -q:v 5 -c:a wmav1" },
  { name: "flv1-mp3.flv", options: "-c:v flv -q:v 5 -c:a libmp3lame", sampleRate: 44_100 },
  {
    name: "dv-pcm.avi",
    options: "-c:v dvvideo -pix_fmt yuv420p -c:a pcm_s16le",
    size: "720x576",
    rate: "25",
  },
  {
    name: "dv.dv",
    options: "-c:v dvvideo -pix_fmt yuv411p -c:a pcm_s16le",
    size: "720x480",
    rate: "30000/1001",
  },
  { name: "svq1.mov", options: `-c:v svq1 -pix_fmt yuv410p -c:a pcm_s16be` },
  { name: "cineform.mov", options: "-c:v cfhd -c:a pcm_s16le", size: "320x180" },
  { name: "dirac.mkv", options: `-c:v vc2 -strict -1 ${AAC}`, size: "320x180" },
  { name: "gif-in.mkv", oddity: "palette", options: "-c:v gif", silent: true },
  { name: "odd-size.mkv", oddity: "161x91", size: "161x91", options: `${X264} -pix_fmt yuv444p ${AAC}` },
  { name: "tiny.mkv", oddity: "16x16", size: "16x16", options: `${X264} -pix_fmt yuv420p ${AAC}` },
  { name: "portrait.mp4", oddity: "90x160", size: "90x160", options: `${X264} -pix_fmt yuv420p ${AAC}` },
  { name: "ribbon.mkv", oddity: "640x16", size: "640x16", options: `${X264} -pix_fmt yuv420p ${AAC}` },
  { name: "1-fps.mp4", oddity: "1 fps", rate: "1", options: `${X264} -pix_fmt yuv420p ${AAC}` },
  { name: "120-fps.mp4", oddity: "120 fps", rate: "120", options: `${X264} -pix_fmt yuv420p ${AAC}` },
  {
    name: "negative-start.mkv",
    oddity: "starts at −1 s",
    options: `${X264} -pix_fmt yuv420p ${AAC} -output_ts_offset -1 -avoid_negative_ts disabled`,
  },
  {
    name: "late-start.ts",
    oddity: "starts at 26 h",
    options: `${X264} -pix_fmt yuv420p ${AAC} -output_ts_offset 93600`,
  },
  {
    name: "anamorphic.mpg",
    oddity: "SAR 16:11",
    size: "352x288",
    picture: "setsar=16/11",
    rate: "25",
    options: `-c:v mpeg2video -b:v 1M ${MP2}`,
  },
  {
    name: "rotated.mp4",
    oddity: "rotated by 90°",
    options: `${X264} -pix_fmt yuv420p ${AAC}`,
    finish: ["-c copy -metadata:s:v:0 rotate=90"],
  },
  { name: "no-sound.mkv", oddity: "no sound", options: `${X264} -pix_fmt yuv420p`, silent: true },
  { name: "no-picture.m4a", oddity: "sound alone", picture: "none", options: AAC },
  { name: "no-picture.opus", oddity: "sound alone", picture: "none", options: "-c:a libopus" },
  { name: "no-picture.wav", oddity: "sound alone", picture: "none", options: "-c:a pcm_s16le" },
  {
    name: "three-tracks.mkv",
    oddity: "three audio tracks",
    options: `${X264} -pix_fmt yuv420p -map 0:v -map 1:a -map 1:a -map 1:a ${AAC}`,
  },
  { name: "8-khz.avi", oddity: "8 kHz", sampleRate: 8000, options: "-c:v mpeg4 -c:a pcm_u8" },
  {
    name: "fragmented.mp4",
    oddity: "fragmented",
    options: `${X264} -pix_fmt yuv420p ${AAC} -movflags frag_keyframe+empty_moov`,
  },
  {
    name: "raw.h264",
    oddity: "no container",
    options: `${X264} -pix_fmt yuv420p -f h264`,
    silent: true,
    renamed: "raw-stream.ts",
  },
  {
    name: "lying.mkv",
    oddity: "Matroska named .mp4",
    options: `${X264} -pix_fmt yuv420p ${AAC}`,
    renamed: "really-matroska.mp4",
  },
  {
    name: "corrupt.ts",
    oddity: "damaged in the middle",
    options: `${X264} -pix_fmt yuv420p -g 5 ${AAC}`,
    damage: "corrupt",
  },
  { name: "cut.mkv", oddity: "cut off", options: `${X264} -pix_fmt yuv420p ${AAC}`, damage: "cut" },
  {
    name: "cut.mp4",
    oddity: "cut off, index missing",
    options: `${X264} -pix_fmt yuv420p ${AAC}`,
    damage: "cut",
  },
  {
    name: "headless.avi",
    oddity: "header zeroed",
    options: "-c:v mpeg4 -c:a libmp3lame",
    damage: "headless",
  },
  { name: "noise.mp4", oddity: "noise", options: `${X264} ${AAC}`, damage: "noise" },
];
