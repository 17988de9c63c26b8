import { randomInt } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { flushCompileCache } from "node:module";
import { Command, InvalidArgumentError } from "commander";
import { openApiDocument } from "./api/openapi.ts";
import { SystemClock } from "./base/clock.ts";
import { AppError, ERRORS, toAppError } from "./base/errors.ts";
import { createLogger } from "./base/log.ts";
import { seededRandom } from "./base/random.ts";
import { onNow } from "./channels/on-now.ts";
import { analyse } from "./cli/analyse.ts";
import { addConfigVerbs, type ConfigOptions } from "./cli/config.ts";
import { reportMachine } from "./cli/machine.ts";
import { Reloading } from "./cli/reloading.ts";
import { leftOut, progressLine, terminalLoss, welcome, withoutFfmpeg } from "./cli/terminal.ts";
import { why } from "./cli/why.ts";
import { adviseOn } from "./config/advice.ts";
import { LiveConfig } from "./config/live-config.ts";
import { type ConfigSources, loadConfig } from "./config/loader.ts";
import { killAllNow } from "./ffmpeg/child.ts";
import { locateFfmpeg } from "./ffmpeg/locate.ts";
import { channelFormat } from "./line-up.ts";
import { subtitleSettings } from "./line-up-subtitles.ts";
import { Machine } from "./machine/machine.ts";
import { fatalEnd } from "./process/fatal-end.ts";
import { supervisionPolicy } from "./process/settings.ts";
import { SupervisorLink } from "./process/supervisor-link.ts";
import { Server } from "./server.ts";

/** A second interrupt within the shutdown ends the process at once; so does a shutdown that takes longer. */
const SHUTDOWN_MS = 10_000;

/** One Ctrl+C may arrive twice, from the terminal and from the supervisor. */
const SIGNAL_ECHO_MS = 500;

interface WhyCommandOptions {
  readonly config?: string;
  readonly full?: boolean;
  readonly seconds?: number;
  readonly json?: boolean;
}

interface MachineOptions {
  readonly config?: string;
  readonly data?: string;
  readonly again?: boolean;
}

const clock = new SystemClock();
const program = new Command("exstreamtv")
  .description("Self-hosted linear TV: your films and series as channels whose stream never breaks.")
  .showHelpAfterError();

const configOptions = (command: Command) =>
  command
    .option("-c, --config <file>", "configuration file (YAML)")
    .option("-d, --data <folder>", "folder for everything the server keeps")
    .option("--host <address>", "address to listen on")
    .option("-p, --port <number>", "port to listen on", wholeNumber);

configOptions(
  program
    .command("serve", { isDefault: true })
    .description(
      "put the sub-folders of FOLDER on air, each as a channel (without FOLDER: two demo channels)",
    )
    .argument("[FOLDER]", "folder with your media")
    // Read by the launcher (bin/exstreamtv.js), which has decided by now.
    .option("--no-supervisor", "run the server alone: nothing starts it again when it fails"),
).action((folder: string | undefined, options: ConfigOptions) => run(() => serve(folder, options)));

program
  .command("analyse")
  .description("judge a transport stream: ETSI TR 101 290 and the timeline that a decoder sees")
  .argument("<FILE|URL>")
  .option("--seconds <n>", "how long to watch a URL", wholeNumber)
  .option("--json", "print the whole report as JSON")
  .action((source: string, options: { seconds?: number; json?: boolean }) =>
    run(async () => {
      const signal = interrupted();
      const write = (text: string) => void process.stdout.write(text);
      process.exitCode = await analyse(source, { ...options, signal, clock, write });
    }),
  );

program
  .command("why")
  .description("say what is wrong with a media file, and what would be done about it on air")
  .argument("<FILE>")
  .option("-c, --config <file>", "configuration file (YAML), for the path of ffmpeg")
  .option("--full", "decode all of a long file, not its start, middle and end alone")
  .option("--seconds <n>", "most seconds to spend on decoding (default 60)", wholeNumber)
  .option("--json", "print the whole report as JSON")
  .action((file: string, options: WhyCommandOptions) => run(() => explain(file, options)));

program
  .command("machine")
  .description("show which encoders work on this machine, and how many channels it encodes")
  .option("-c, --config <file>", "configuration file (YAML)")
  .option("-d, --data <folder>", "folder for everything the server keeps")
  .option("--again", "try and measure everything anew (best when nothing is on air)")
  .action((options: MachineOptions) => run(() => machine(options)));

program
  .command("openapi")
  .description("print the description of the management API (OpenAPI 3.1, JSON)")
  .action(() => run(async () => void process.stdout.write(await openApiDocument())));

addConfigVerbs(program, {
  ...{ run, addOptions: configOptions, sources: configSources },
  write: (text) => void process.stdout.write(text),
});

await program.parseAsync();

async function explain(file: string, options: WhyCommandOptions): Promise<void> {
  const { config } = loadConfig({ file: options.config, env: process.env });
  const signal = interrupted();
  process.on("exit", killAllNow);
  const tools = await locateFfmpeg({
    ffmpegPath: config.ffmpeg.path || undefined,
    ffprobePath: config.ffmpeg.ffprobe_path || undefined,
    ...{ clock, env: process.env, signal },
  });
  const write = (text: string) => void process.stdout.write(text);
  const wishes = {
    audioLanguages: config.audio.preferred_languages,
    subtitles: subtitleSettings(config, tools),
  };
  process.exitCode = await why(file, { ...options, ...wishes, tools, clock, signal, write });
}

async function serve(folder: string | undefined, options: ConfigOptions): Promise<void> {
  const sources = configSources(options);
  const loaded = loadConfig(sources);
  const { config, dataFolder } = loaded;
  const isTerminal = process.stderr.isTTY === true;
  // Whoever read our words may be gone: that ends nothing.
  process.stdout.on("error", () => undefined);
  const log = createLogger({ level: config.log.level, pretty: isTerminal });
  for (const { key, text } of adviseOn(config)) log.warn({ key }, text);
  const supervisor = SupervisorLink.open(process, supervisionPolicy(config), clock);
  let server: Server | undefined;
  const close = async () => server?.close("fault");
  process.on("uncaughtException", fatalEnd({ log, clock, close, exit: (status) => process.exit(status) }));
  let reloading: Reloading | undefined;
  // One that comes during the start is not lost: reloading begins with a look.
  const told = interrupted(() => reloading?.now("SIGHUP"));
  const signal = supervisor ? AbortSignal.any([told, supervisor.lost]) : told;
  // Whatever ends this process, no encoder outlives it.
  process.on("exit", killAllNow);
  let shown = "";
  server = await Server.start({
    ...{ config, dataFolder, log, clock, signal, restart: supervisor?.restart, env: process.env },
    mediaFolder: folder ?? (config.library.folder || undefined),
    random: seededRandom(randomInt(2 ** 32)),
    onCapacity: (sentence) => process.stdout.write(`  ${sentence}\n\n`),
    onProgress: (progress) => {
      const line = progressLine(progress);
      if (isTerminal) process.stderr.write(`\r\x1b[K  ${line}`);
      else if (progress.step !== shown) process.stderr.write(`  ${line}\n`);
      shown = progress.step;
    },
  });
  if (isTerminal) process.stderr.write("\r\x1b[K");
  process.stdout.write(withoutFfmpeg(server.problem?.message));
  process.stdout.write(leftOut(server.library.rejected));
  process.stdout.write(welcome(programme(server), config.server.host, server.port, server.capacity));
  supervisor?.ready();
  // Now, since it may be killed.
  flushCompileCache();
  const running = server;
  const live = new LiveConfig(sources, loaded, (changed) => running.apply(changed));
  reloading = new Reloading({ live, log, clock, file: loaded.candidate });
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  reloading.close();
  if (!told.aborted) log.warn("the supervisor is gone: the server ends, so that it can be started again");
  process.stdout.write("\n  Going off air.\n");
  clock.after(SHUTDOWN_MS, () => process.exit(1));
  await server.close();
  process.exit(0);
}

function configSources(options: ConfigOptions): ConfigSources {
  return {
    file: options.config,
    dataFolder: options.data,
    env: process.env,
    overrides: { server: { host: options.host, port: options.port } },
  };
}

async function machine(options: MachineOptions): Promise<void> {
  const { config, dataFolder } = loadConfig({
    ...{ file: options.config, dataFolder: options.data, env: process.env },
  });
  const signal = interrupted();
  process.on("exit", killAllNow);
  const tools = await locateFfmpeg({
    ffmpegPath: config.ffmpeg.path || undefined,
    ffprobePath: config.ffmpeg.ffprobe_path || undefined,
    ...{ clock, env: process.env, signal },
  });
  await mkdir(dataFolder, { recursive: true }).catch((failure: unknown) => {
    throw toAppError(failure, "data_folder_unusable");
  });
  const surroundings = { ffmpeg: tools.ffmpeg, folder: dataFolder, clock };
  const found = await Machine.open({ dataFolder, ffmpegVersion: tools.version, surroundings, signal });
  await reportMachine(found, {
    ...{
      wish: config.ffmpeg.encoder,
      format: channelFormat([], config),
      again: options.again === true,
      signal,
    },
    write: (text) => void process.stdout.write(text),
  });
  process.exit(0);
}

/** What the schedule of each channel says now. */
function programme({ manager }: Server) {
  const wallMs = clock.wallNow();
  return manager.definitions.map((definition) => {
    const { title, endMs, nextTitle } = onNow(definition, wallMs);
    const { number, name } = definition;
    return { number, name, now: title, next: nextTitle, leftMs: endMs - wallMs };
  });
}

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP; a later one ends the process at once. With `onHangUp`, SIGHUP
 * calls that instead, unless it means that the terminal was closed.
 */
function interrupted(onHangUp?: () => void): AbortSignal {
  const controller = new AbortController();
  const isTerminalLost = terminalLoss();
  let firstMs = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (name === "SIGHUP" && onHangUp && !isTerminalLost()) return onHangUp();
      // Words to a terminal that is gone must not break off the way down.
      if (isTerminalLost())
        for (const out of [process.stdout, process.stderr]) out.on("error", () => undefined);
      if (!controller.signal.aborted) {
        firstMs = clock.now();
        controller.abort(new AppError("interrupted", `Ended by ${name}.`));
      } else if (clock.now() - firstMs > SIGNAL_ECHO_MS) process.exit(130);
    });
  }
  return controller.signal;
}

/** Runs a verb; a failure is told in two lines that say what and where, with exit status 2. */
async function run(verb: () => Promise<void>): Promise<void> {
  try {
    await verb();
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === "interrupted") process.exit(130);
    process.stderr.write(
      `\n  ${ERRORS[error.code].title} (${error.code})\n  ${error.message.replaceAll("\n", "\n  ")}\n\n`,
    );
    if (error.code === "internal") process.stderr.write(`${error.stack}\n${String(error.cause ?? "")}\n`);
    process.exit(2);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}
