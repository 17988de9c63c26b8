import { type DestinationStream, destination as fileDestination, type Logger, pino } from "pino";
import pretty from "pino-pretty";
import { redactValue } from "./redact.ts";

/** Log levels, the most talkative first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

/** One of the log levels. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one message: alone, or behind structured fields (an error goes into the field `err`). */
export interface LogMethod {
  (message: string): void;
  (fields: object, message?: string): void;
}

/** What a module needs of a logger. */
export interface Log {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds these fields to each of its lines. */
  child(fields: Record<string, unknown>): Log;
}

/** What is logged, how, and where to. */
export interface LogOptions {
  readonly level: LogLevel;
  /** One readable line per message instead of one line of JSON. */
  readonly pretty: boolean;
  /** Takes finished lines; by default standard error. */
  readonly destination?: DestinationStream | undefined;
}

/** Bytes of JSON lines that wait for a slow reader of standard error; beyond it lines are dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Creates a logger; secrets are masked in every line, whatever field, message, error or child they come from. */
export function createLogger(options: LogOptions): Logger {
  const settings = { level: options.level, base: null, hooks: { streamWrite: redactLine } };
  return pino(
    settings,
    options.pretty ? prettyDestination(options.destination) : jsonDestination(options.destination),
  );
}

/** A logger that writes nothing. */
export const silentLog: Log = pino({ level: "silent" }, { write() {} });

/** Asynchronous: a stuck log collector must not hold the media thread. What waits is written at exit. */
function jsonDestination(given: DestinationStream | undefined): DestinationStream {
  return given ?? fileDestination({ dest: 2, sync: false, maxLength: MAX_WAITING_BYTES });
}

function prettyDestination(given: DestinationStream | undefined): DestinationStream {
  const out = given ?? fileDestination({ dest: 2, sync: true });
  const format = pretty.prettyFactory({
    colorize: given === undefined && process.stderr.isTTY === true,
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
  return { write: (line) => void out.write(format(withoutControls(JSON.parse(line)))) };
}

/** A file name must not be able to steer a terminal or forge a line; only a stack keeps its line breaks. */
function withoutControls(value: unknown, name = ""): unknown {
  if (typeof value === "string") {
    return value.replace(/\p{Cc}/gu, (control) => (control === "\n" && name === "stack" ? control : " "));
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withoutControls(item));
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, withoutControls(held, key)]));
}

function redactLine(line: string): string {
  return `${JSON.stringify(redactValue(JSON.parse(line)))}\n`;
}
