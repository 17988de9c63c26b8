import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../test/support/process.ts";

/**
 * Stands in for ffmpeg and ffprobe: while a file `crash` lies beside it, it dies of SIGSEGV for inputs below the folder
 * named there; and one host's name can be lost, see `resolver.c`.
 */
const WRAPPER = `#!/bin/sh
here=$(dirname "$0")
if [ -s "$here/crash" ]; then
  case "$*" in *"$(cat "$here/crash")"*) kill -SEGV $$ ;; esac
fi
if [ -e "$here/resolver.so" ]; then
  export LD_PRELOAD="$here/resolver.so" RESOLVER_HOST=HOST RESOLVER_DOWN="$here/down"
fi
exec PROGRAM "$@"
`;

/** A name that only the programs behind the wrapper know: as 127.0.0.1. */
export const UPSTREAM_HOST = "upstream.chaos.invalid";

/** A file system of its own for the data folder, large enough for what a server keeps. */
const DISK_MIB = 128;

/** Descriptors that the server may have: enough for what it does, few enough to be used up. */
export const DESCRIPTORS = 384;

/** Programs in place of ffmpeg and ffprobe. */
export interface Wrappers {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** Why the name `UPSTREAM_HOST` cannot be had here; undefined when it can. */
  readonly noResolver: string | undefined;
  /** Lets every one that reads from below `mediaFolder` die of SIGSEGV, or, with "", no more of them. */
  crash(mediaFolder: string): Promise<void>;
  /** Makes the name unknown, or known again. */
  loseName(isLost: boolean): Promise<void>;
}

/** Makes them in `folder`. */
export async function makeWrappers(folder: string): Promise<Wrappers> {
  const hasResolver = await buildPreload("resolver.c", join(folder, "resolver.so"));
  const paths = { ffmpeg: join(folder, "ffmpeg-of-chaos"), ffprobe: join(folder, "ffprobe-of-chaos") };
  for (const program of ["ffmpeg", "ffprobe"] as const) {
    await writeFile(
      paths[program],
      WRAPPER.replace("PROGRAM", program).replace("HOST=HOST", `HOST=${UPSTREAM_HOST}`),
    );
    await chmod(paths[program], 0o755);
  }
  return {
    ...paths,
    noResolver: hasResolver ? undefined : "it takes gcc, on Linux, to lose a name for one process",
    crash: (mediaFolder) => writeFile(join(folder, "crash"), mediaFolder),
    loseName: (isLost) =>
      isLost ? writeFile(join(folder, "down"), "") : rm(join(folder, "down"), { force: true }),
  };
}

/** Builds a library to be preloaded; false where that is not possible. */
async function buildPreload(source: string, library: string): Promise<boolean> {
  const args = [
    "-O2",
    "-shared",
    "-fPIC",
    "-o",
    library,
    fileURLToPath(new URL(source, import.meta.url)),
    "-ldl",
  ];
  const built = await run("gcc", args, { seconds: 60 }).catch(() => undefined);
  return process.platform === "linux" && built?.status === 0;
}

/** A wall clock for one process and its children, which can be set. */
export interface WallClock {
  /** What the process is started with. */
  readonly env: Readonly<Record<string, string>>;
  /** By how much it differs from the machine's, in ms. */
  readonly offsetMs: number;
  set(offsetMs: number): Promise<void>;
}

/** Builds the library that `wall-clock.c` describes; a text says why there is none. */
export async function makeWallClock(folder: string): Promise<WallClock | string> {
  const [library, file] = [join(folder, "wall-clock.so"), join(folder, "wall-clock-offset")];
  if (!(await buildPreload("wall-clock.c", library)))
    return "it takes gcc, on Linux, to set the wall clock of one process";
  const bytes = Buffer.alloc(8);
  await writeFile(file, bytes);
  const clock = {
    env: { LD_PRELOAD: library, WALL_CLOCK_OFFSET: file },
    offsetMs: 0,
    async set(offsetMs: number) {
      bytes.writeBigInt64LE(BigInt(offsetMs) * 1_000_000n);
      // Written in place: the server has it mapped.
      await writeFile(file, bytes, { flag: "r+" });
      clock.offsetMs = offsetMs;
    },
  };
  return clock;
}

/** A small file system of its own. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
}

/** Mounts one at `folder`; a text says why there is none. */
export async function mountSmallDisk(folder: string): Promise<SmallDisk | string> {
  await mkdir(folder);
  const args = ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", folder];
  const mounted = await run("mount", args, { seconds: 10 }).catch(() => undefined);
  if (mounted?.status !== 0) return "it takes root, on Linux, to mount a small disk";
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await run("umount", ["-l", folder], { seconds: 10 });
    },
  };
}
