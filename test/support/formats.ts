import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FormatSketch } from "./format-recipes.ts";
import { generated, OUTPUT, PREVIOUS, place } from "./media-cache.ts";

const SECONDS = 1.2;

/** Makes the file of a sketch in `folder`; returns its path. */
export async function makeFormat(sketch: FormatSketch, folder: string): Promise<string> {
  const {
    name,
    picture,
    size = "160x90",
    rate = "25",
    options,
    silent = false,
    sampleRate = 48_000,
  } = sketch;
  const graph = `testsrc2=s=${size}:r=${rate}${picture ? `,${picture}` : ""}`;
  const inputs = [
    ...(picture === "none" ? [] : generated(graph)),
    ...(silent
      ? []
      : generated(`sine=frequency=440:sample_rate=${sampleRate},aformat=channel_layouts=stereo`)),
  ];
  const steps = [
    [...inputs, "-t", String(SECONDS), ...options.split(" "), OUTPUT],
    ...(sketch.finish ?? []).map((step) => ["-i", PREVIOUS, ...step.split(" "), OUTPUT]),
  ];
  const path = await place({ extension: name.slice(name.lastIndexOf(".")), steps }, folder, name);
  const finished = sketch.renamed ? join(folder, sketch.renamed) : path;
  if (sketch.renamed || sketch.damage)
    await writeFile(finished, damaged(await readFile(path), sketch.damage));
  return finished;
}

function damaged(bytes: Buffer, damage: FormatSketch["damage"]): Buffer {
  const pattern = (length: number) => Buffer.from(Array.from({ length }, (_, index) => (index * 7919) % 251));
  switch (damage) {
    case "cut":
      return bytes.subarray(0, Math.floor(bytes.length * 0.6));
    case "corrupt":
      return Buffer.concat([
        bytes.subarray(0, Math.floor(bytes.length * 0.5)),
        pattern(2000),
        bytes.subarray(Math.floor(bytes.length * 0.5) + 2000),
      ]);
    case "headless":
      return Buffer.concat([Buffer.alloc(512), bytes.subarray(512)]);
    case "noise":
      return pattern(5000);
    default:
      return bytes;
  }
}
