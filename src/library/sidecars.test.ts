import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import type { SubtitleTraits } from "../ffmpeg/media-facts.ts";
import { parseSidecarName, SidecarFinder } from "./sidecars.ts";

it.each<[string, SubtitleTraits | undefined]>([
  ["Film.srt", {}],
  ["Film.en.srt", { language: "en" }],
  ["Film.ger.forced.srt", { language: "de", isForced: true }],
  ["Film.forced.de.ass", { language: "de", isForced: true }],
  ["Film.pt-BR.ssa", { language: "pt" }],
  ["Film.English.SDH.VTT", { language: "en", isHearingImpaired: true }],
  ["Film.en.hi.srt", { language: "en", isHearingImpaired: true }],
  ["Film.hi.srt", { language: "hi" }],
  ["Film.en.cc.default.srt", { language: "en", isHearingImpaired: true, isDefault: true }],
  ["Film.[commentary] (fr).srt", { language: "fr", isCommentary: true }],
  ["Film.Director's Cut.srt", {}],
  ["Film.txt", undefined],
  ["Film.sub", undefined],
  ["Film 2.srt", undefined],
  ["Filmen.srt", undefined],
  ["Other.srt", undefined],
])("%s beside Film.mkv: %o", (name, traits) => {
  expect(parseSidecarName(name, "Film.mkv")).toEqual(traits);
});

it("takes the files of a media file and not those of its neighbours", async () => {
  const folder = await mkdtemp(join(tmpdir(), "exstreamtv-sidecars-"));
  try {
    const evil = "It's: [100%] 'q' \\ ; , \n new";
    const names = ["Film.mkv", "Film.srt", "Film.en.srt", "Film.Extended.mkv", "Film.Extended.en.srt"];
    for (const name of [...names, ".Film.de.srt", `${evil}.mp4`, `${evil}.de.srt`]) {
      await writeFile(join(folder, name), "x");
    }
    await writeFile(join(folder, "Film.fr.srt"), "");
    const finder = new SidecarFinder();
    const of = async (name: string) =>
      (await finder.of(join(folder, name))).map(({ path }) => basename(path));
    expect(await of("Film.mkv")).toEqual(["Film.en.srt", "Film.srt"]);
    expect(await of("Film.Extended.mkv")).toEqual(["Film.Extended.en.srt"]);
    expect(await of(`${evil}.mp4`)).toEqual([`${evil}.de.srt`]);
    expect(await finder.of(join(folder, "none", "a.mkv"))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
