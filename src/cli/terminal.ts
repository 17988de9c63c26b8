import { networkInterfaces } from "node:os";
import { basename } from "node:path";
import { isatty } from "node:tty";

/** What the terminal shows of a channel. */
export interface TerminalChannel {
  readonly number: number;
  readonly name: string;
  /** Titles now and next, and ms until the change. */
  readonly now: string;
  readonly next: string;
  readonly leftMs: number;
}

/** A file that cannot be played. */
export interface RejectedFile {
  readonly path: string;
  readonly reason: string;
}

const SHOWN_REJECTED = 20;

/** What the server is doing while it starts. */
export type Progress =
  | { readonly step: "tools" | "encoders" | "demo" }
  | { readonly step: "scan"; readonly done: number; readonly total: number; readonly current: string };

/** Whether the process had a terminal at the time of this call and, asked later, has lost it. */
export function terminalLoss(): () => boolean {
  const terminal = [0, 1, 2].find((descriptor) => isatty(descriptor));
  return () => terminal !== undefined && !isatty(terminal);
}

/** One line that says what the server is doing while it starts. */
export function progressLine(progress: Progress): string {
  switch (progress.step) {
    case "tools":
      return "Looking at ffmpeg …";
    case "encoders":
      return "Trying this machine's encoders (once) …";
    case "demo":
      return "Making two demo channels (once) …";
    case "scan":
      return `Reading your media: ${progress.done} of ${progress.total}  ${clip(basename(progress.current), 40)}`;
  }
}

/** The addresses under which players on this network reach a server that listens on `host`. */
export function reachableAddresses(host: string, interfaces = networkInterfaces()): string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host];
  const external = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === "IPv4" && !address.internal)
    .map((address) => address.address);
  return external.length > 0 ? external : ["127.0.0.1"];
}

/** The text that greets the person who started the server: what is on air and how to watch it. */
export function welcome(
  channels: readonly TerminalChannel[],
  host: string,
  port: number,
  capacity?: string,
): string {
  const base = `http://${bracket(reachableAddresses(host)[0]!)}:${port}`;
  const numberWidth = Math.max(...channels.map(({ number }) => String(number).length));
  const nameWidth = Math.min(28, Math.max(...channels.map(({ name }) => name.length)));
  const rows = channels.map(
    ({ number, name, now, next, leftMs }) =>
      `  ${String(number).padStart(numberWidth)}  ${clip(name, nameWidth).padEnd(nameWidth)}` +
      `  ${clip(now, 32)}  (${duration(leftMs)} left, then ${clip(next, 28)})`,
  );
  const first = channels[0]?.number ?? 1;
  return [
    "",
    "  EXStreamTV is on air",
    "",
    ...rows,
    "",
    `  Playlist for players and DVRs   ${base}/iptv/channels.m3u`,
    `  A channel by itself             ${base}/iptv/channel/${first}.ts`,
    `  Watch now                       vlc ${base}/iptv/channel/${first}.ts`,
    ...(capacity ? ["", `  ${capacity}`] : []),
    "",
    "  Ctrl+C ends it.",
    "",
  ].join("\n");
}

/** What is said when the server has started without a usable ffmpeg, which `reason` tells of; empty without one. */
export function withoutFfmpeg(reason: string | undefined): string {
  if (reason === undefined) return "";
  const lines = [
    `There is no usable ffmpeg: ${reason}`,
    "Until there is, the channels show a screen that says so; then their programmes go on by themselves.",
  ];
  return ["", ...lines.map((line) => `  ${line.replaceAll("\n", "\n  ")}`), ""].join("\n");
}

/** The list of files that were left out, each with its reason; empty when there are none. */
export function leftOut(rejected: readonly RejectedFile[]): string {
  if (rejected.length === 0) return "";
  const lines = rejected
    .slice(0, SHOWN_REJECTED)
    .map(({ path, reason }) => `    ${clip(basename(path), 200)}: ${reason}`);
  const more = rejected.length - SHOWN_REJECTED;
  if (more > 0) lines.push(`    … and ${more} more; the log names them all`);
  return ["", `  Left out, because they cannot be played (${rejected.length}):`, ...lines, ""].join("\n");
}

function bracket(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** Cuts a text to a column, without what could command the terminal or turn its direction. */
function clip(text: string, width: number): string {
  const clean = text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "�");
  const characters = [...clean];
  return characters.length <= width ? clean : `${characters.slice(0, width - 1).join("")}…`;
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes}:${String(seconds % 60).padStart(2, "0")} min`;
}
