import { open } from "node:fs/promises";
import { SystemClock } from "../../src/base/clock.ts";
import { type Playback, unusualEnd } from "./judges.ts";
import { linesOf, run, runOrThrow } from "./process.ts";

const clock = new SystemClock();
const TEST_USER = "exstreamtv-test";
const MARGIN_SECONDS = 30;

/** Lines that VLC writes about the machine, not about the stream. */
const NOISE = [
  /^dbus interface error: /,
  /^main interface error: no suitable interface module$/,
  /^main libvlc error: interface "(dbus|globalhotkeys),none" initialization failed$/,
  /^vlcpulse audio output error: PulseAudio server connection failure/,
];
/** Said once of every AAC stream: the first frame only primes the decoder. */
const PRIMING = "faad decoder warning: decoded zero sample";
/** Faults that VLC tells at level debug only. */
const DEBUG_FAULTS = /discontinuity|transport_error|resynced|RESET_PCR|too late|too early|leaking|deadlock/;
const LIBAV_LINE = /^\[\w+ @ 0x[0-9a-f]+\] /;
const LIBAV_NOISE = /\] Reinit context to /;

/** How VLC is run. */
export interface VlcOptions {
  /** Seconds of the stream to play; the whole of a file when absent. */
  readonly seconds?: number;
  /**
   * True (the default): demultiplex, decode and show in real time. False: demultiplex only, a file as fast as it
   * can be read; that finds lost packets and lost synchronism, but follows no clock.
   */
  readonly decode?: boolean;
}

/** Plays a file or URL with VLC, as the user `exstreamtv-test` when we are root, because VLC refuses root. */
export async function vlcPlay(source: string, options: VlcOptions = {}): Promise<Playback> {
  const { seconds, decode = true } = options;
  // The test user may not be able to reach the file, but it may read what we have opened.
  await using file = /^https?:/.test(source) ? undefined : await open(source);
  const args = [
    ...["-vv", "--no-color", "--no-interact", "--play-and-exit"],
    ...(decode ? ["--vout", "dummy", "--aout", "dummy"] : ["--sout", "#dummy"]),
    ...(seconds === undefined ? [] : ["--run-time", String(seconds)]),
    ...[file ? "fd://0" : source, "vlc://quit"],
  ];
  const startedMs = clock.now();
  const user = process.getuid?.() === 0 ? await testUser() : undefined;
  const result = await run("cvlc", args, {
    inRealTime: true,
    seconds: (seconds ?? 300) + MARGIN_SECONDS,
    env: { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: user?.home ?? process.env.HOME },
    ...(file && { stdin: file.fd }),
    ...(user && { user: { uid: user.uid, gid: user.gid } }),
  });
  const lines = linesOf(result.stderr).map((line) => line.replace(/^\[[0-9a-f]{16}\] /, ""));
  const primed = lines.indexOf(PRIMING);
  const complaints = lines.filter((line, index) => index !== primed && isComplaint(line));
  complaints.push(...unusualEnd("vlc", result));
  // VLC ends in the same words whether it has seen enough or the server has hung up.
  const playedMs = clock.now() - startedMs;
  if (!file && decode && seconds !== undefined && playedMs < seconds * 1000) {
    complaints.push(`vlc: the stream ended within ${Math.round(playedMs)} ms`);
  }
  const shown = decode ? /Received first picture|output '.*' \d+ Hz/ : /using packetizer module/;
  return { played: result.status === 0 && lines.some((line) => shown.test(line)), complaints };
}

function isComplaint(line: string): boolean {
  if (LIBAV_LINE.test(line)) return !LIBAV_NOISE.test(line);
  if (NOISE.some((noise) => noise.test(line))) return false;
  return / (warning|error): /.test(line) || (line.includes(" debug: ") && DEBUG_FAULTS.test(line));
}

/** Who a program runs as. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** The ordinary user as whom programs run that refuse root; made when it is not there. */
export async function testUser(): Promise<User> {
  const known = await findUser();
  if (known) return known;
  await runOrThrow("useradd", ["--system", "--create-home", TEST_USER], { seconds: 10 });
  const made = await findUser();
  if (!made) throw new Error(`the user ${TEST_USER} could not be made`);
  return made;
}

async function findUser(): Promise<User | undefined> {
  const { status, stdout } = await run("getent", ["passwd", TEST_USER], { seconds: 10 });
  if (status !== 0) return undefined;
  const [, , uid, gid, , home] = stdout.trim().split(":");
  return { uid: Number(uid), gid: Number(gid), home: home! };
}
