import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, place } from "./media-cache.ts";
import { PLAIN_MP4, TORTURE_RECIPES } from "./torture-recipes.ts";

/** A file that a server must be able to play from beginning to end. */
export interface GoodFile {
  readonly name: string;
  readonly path: string;
  /** The longer of its picture and its sound, within 0.1 s: containers add up to that much. */
  readonly seconds: number;
  /** Seconds of moving picture; 0 when there is none (an embedded cover is none). */
  readonly pictureSeconds: number;
  /** Seconds of sound; 0 when there is none. */
  readonly soundSeconds: number;
}

/** A file that looks like media by its name and that no server may put on air. */
export interface BrokenFile {
  readonly name: string;
  readonly path: string;
}

/** A folder of media that is as unlike and as wrong as real ones are, in natural order of the names. */
export interface TortureFolder {
  readonly folder: string;
  readonly good: readonly GoodFile[];
  readonly broken: readonly BrokenFile[];
}

/** Fills `folder` (made when absent) with the torture files; the first run takes some seconds of encoding. */
export async function makeTortureFolder(folder: string): Promise<TortureFolder> {
  const good: GoodFile[] = [];
  for (const { name, pictureSeconds, soundSeconds, recipe } of TORTURE_RECIPES) {
    const path = await place(recipe, folder, name);
    const seconds = Math.max(pictureSeconds, soundSeconds);
    good.push({ name, path, seconds, pictureSeconds, soundSeconds });
  }
  const broken: BrokenFile[] = [];
  for (const [name, content] of await brokenContents()) {
    const path = join(folder, name);
    await writeFile(path, content);
    broken.push({ name, path });
  }
  return { folder, good, broken };
}

async function brokenContents(): Promise<[name: string, content: string | Uint8Array][]> {
  const whole = await readFile(await cached(PLAIN_MP4.recipe));
  // Only names without blanks: the others would ffmpeg itself refuse as unsafe.
  const siblings = TORTURE_RECIPES.filter(({ name }) => /^[\w.-]+$/.test(name));
  const playlist = siblings.map(({ name }) => `file '${name}'\n`).join("");
  return [
    ["91 empty.mp4", ""],
    ["92 truncated, index missing.mp4", whole.subarray(0, Math.floor(whole.length * 0.6))],
    ["93 text.mp4", "This is a text that calls itself a film.\nIt has some lines,\nand no picture.\n"],
    // ffmpeg would obey this one, and so read files that nobody added to the library.
    ["94 script that names its siblings.mp4", `ffconcat version 1.0\n${playlist}`],
  ];
}
