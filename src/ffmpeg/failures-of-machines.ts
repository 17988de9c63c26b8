import { type FailureRow, NEVER, ONCE, patiently, STEP_OVER, USUAL } from "./failure-row.ts";

/** What goes wrong in this machine, its ffmpeg, or the way in which we use it. */
export const MACHINE_FAILURES = [
  {
    row: 21,
    class: "slow_pipeline",
    rank: "slight_symptom",
    match: [/Thread message queue blocking/],
    examples: [
      {
        line: "[mpegts @ 0x56330ba58ac0] Thread message queue blocking; consider raising the thread_queue_size option (current value: 1)",
      },
    ],
    remedy: { action: "restart", scope: "item", change: "larger_queue", retry: USUAL },
    sentence: "The input arrives faster than it is encoded.",
  },
  {
    row: 22,
    class: "sparse_stream",
    rank: "cause",
    match: [/Too many packets buffered for output stream/],
    examples: [{ line: "Too many packets buffered for output stream 0:0." }],
    remedy: { action: "restart", scope: "item", change: "larger_queue", retry: ONCE },
    sentence:
      "One track of the file begins so much later than the others that waiting for it took too much room.",
  },
  {
    row: 23,
    class: "capability_missing",
    rank: "cause",
    match: [
      /Unknown (?:en|de)coder '/,
      /Decoder \(codec [^)]{0,80}\) not found/,
      /no decoder found for: /,
      /No such filter: '/,
      /Unrecognized option '/,
    ],
    examples: [
      { line: "Unknown encoder 'nosuch'" },
      { line: "Unknown decoder 'nosuch'" },
      { line: "Decoder (codec none) not found for input stream #0:2", recalled: true },
      { line: "Decoding requested, but no decoder found for: vvc", recalled: true },
      { line: "[AVFilterGraph @ 0x563b04f3ffc0] No such filter: 'nosuchfilter'" },
      { line: "Unrecognized option 'bogus'." },
    ],
    remedy: { action: "fallback_profile", scope: "server", profile: "plain", retry: NEVER },
    sentence: "This build of ffmpeg cannot do what the file or the profile needs; a full build can.",
  },
  {
    row: 24,
    class: "gpu_sessions_used_up",
    rank: "cause",
    match: [/OpenEncodeSessionEx failed/],
    examples: [
      {
        line: "[h264_nvenc @ 0x55da430ac5c0] OpenEncodeSessionEx failed: out of memory (10): (no details)",
        recalled: true,
      },
    ],
    remedy: { action: "fallback_profile", scope: "server", profile: "software", retry: USUAL },
    sentence: "The graphics card encodes as many streams as it allows already.",
  },
  {
    row: 25,
    class: "gpu_missing",
    rank: "cause",
    match: [/Cannot load libcuda/, /No capable devices found/],
    examples: [
      { line: "[h264_nvenc @ 0x55da430ac5c0] Cannot load libcuda.so.1" },
      { line: "[h264_nvenc @ 0x55da430ac5c0] No capable devices found", recalled: true },
    ],
    remedy: { action: "fallback_profile", scope: "server", profile: "software", retry: ONCE },
    sentence: "There is no NVIDIA graphics card that can encode, or its driver is not installed.",
  },
  {
    row: 26,
    class: "gpu_unusable",
    rank: "cause",
    match: [/Device creation failed/, /Failed to initiali[sz]e VAAPI connection/],
    examples: [
      { line: "Device creation failed: -22." },
      {
        line: "[AVHWDeviceContext @ 0x55eec3768a00] Failed to initialise VAAPI connection: -1 (unknown libva error).",
        recalled: true,
      },
    ],
    remedy: { action: "fallback_profile", scope: "server", profile: "software", retry: ONCE },
    sentence: "The graphics device cannot be opened: it is absent, or the server's user may not use it.",
  },
  {
    row: 27,
    class: "encoder_parameters",
    rank: "vague_cause",
    match: [/Error while opening encoder/],
    examples: [
      {
        line: "Error initializing output stream 0:0 -- Error while opening encoder for output stream #0:0 - maybe incorrect parameters such as bit_rate, rate, width or height",
      },
    ],
    remedy: { action: "fallback_profile", scope: "channel", profile: "plain", retry: ONCE },
    sentence: "The encoder refuses the channel's picture size, rate or other settings.",
  },
  {
    row: 28,
    class: "filter_conversion",
    rank: "cause",
    match: [/Impossible to convert between the formats/],
    examples: [
      {
        line: "Impossible to convert between the formats supported by the filter 'graph 0 input from stream 0:0' and the filter 'auto_scale_0'",
      },
    ],
    remedy: { action: "restart", scope: "item", change: "insert_format", retry: ONCE },
    sentence: "The file's pixel format cannot be brought into the channel's by this chain of filters.",
  },
  {
    row: 30,
    class: "disk_full",
    rank: "cause",
    match: [/No space left on device/],
    examples: [{ line: "av_interleaved_write_frame(): No space left on device" }],
    remedy: { action: "purge_cache", scope: "server", retry: patiently(2, 4000, 30_000) },
    sentence: "The disk is full.",
  },
  {
    row: 31,
    class: "out_of_resources",
    rank: "cause",
    match: [/Cannot allocate memory/, /Too many open files/],
    examples: [
      { line: "Error while filtering: Cannot allocate memory" },
      { line: "a.mp4: Too many open files" },
    ],
    remedy: { action: "shed_load", scope: "server", retry: patiently(2, 4000, 30_000) },
    sentence: "The machine has no memory or file handles left for another encoder.",
  },
  {
    row: 33,
    class: "screen_text",
    rank: "slight_symptom",
    match: [/%\{[^}]{0,80}\} is not known/],
    examples: [{ line: "[Parsed_drawtext_1 @ 0x5643250a6c40] %{x} is not known" }],
    remedy: { action: "alert", scope: "server", retry: USUAL },
    sentence: "A text to be shown was taken for a command of the text filter; that is a fault of the server.",
  },
  {
    row: 34,
    class: "broken_build",
    rank: "signal",
    match: [],
    signals: ["SIGSEGV", "SIGILL"],
    examples: [],
    remedy: { action: "replace_ffmpeg", scope: "server", retry: STEP_OVER },
    sentence: "ffmpeg itself crashed: the build is faulty or made for another processor.",
  },
  {
    row: 35,
    class: "killed",
    rank: "signal",
    match: [],
    signals: ["SIGKILL"],
    examples: [],
    remedy: { action: "shed_load", scope: "server", retry: USUAL },
    sentence: "Somebody else killed the encoder; usually that is the system, when memory has run out.",
  },
  {
    row: 40,
    class: "ffmpeg_gone",
    rank: "cause",
    match: [
      /^spawn .{1,4096} (?:ENOENT|EACCES|ENOEXEC|ETXTBSY)$/,
      /error while loading shared libraries: /,
      /Library not loaded: /,
    ],
    examples: [
      { line: "spawn /usr/local/bin/ffmpeg ENOENT" },
      {
        line: "/usr/bin/ffmpeg: error while loading shared libraries: libavdevice.so.59: cannot open shared object file: No such file or directory",
        recalled: true,
      },
      { line: "dyld[402]: Library not loaded: /opt/homebrew/lib/libx264.164.dylib", recalled: true },
    ],
    remedy: { action: "replace_ffmpeg", scope: "server", retry: USUAL },
    sentence: "ffmpeg cannot be started: it was moved, removed, or is just being replaced.",
  },
] as const satisfies readonly FailureRow[];
