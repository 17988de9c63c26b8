import { copyFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { FONT_FOLDER } from "./burn-in.ts";
import { SUBTITLE_FOLDER } from "./subtitle-files.ts";

const SUBTITLE_FONT_STYLES = ["", "-Bold", "-Oblique", "-BoldOblique"];

/**
 * Makes the working folder of encoders: the fonts of subtitles, and prepared subtitles as they are. What else lies
 * there was needed for moments by an earlier server, and is removed.
 */
export async function prepareWorkFolder(folder: string): Promise<void> {
  const fonts = join(folder, FONT_FOLDER);
  await mkdir(fonts, { recursive: true });
  const kept: readonly string[] = [FONT_FOLDER, SUBTITLE_FOLDER];
  for (const name of await readdir(folder)) {
    if (!kept.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
  const { resolve } = createRequire(import.meta.url);
  const font = (style: string) => resolve(`dejavu-fonts-ttf/ttf/DejaVuSans${style}.ttf`);
  for (const style of SUBTITLE_FONT_STYLES) await provide(font(style), join(fonts, `subtitles${style}.ttf`));
}

/** Copies what is not there yet: on a full disk, a copy over the old one would leave nothing. */
async function provide(source: string, target: string): Promise<void> {
  const [wanted, there] = await Promise.all([stat(source), stat(target).catch(() => undefined)]);
  if (there?.size !== wanted.size) await copyFile(source, target);
}
