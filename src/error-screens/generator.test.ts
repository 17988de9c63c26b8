import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SystemClock } from "../base/clock.ts";
import { rational } from "../base/rational.ts";
import { houseFormat } from "../media/house-format.ts";
import { ErrorScreenGenerator } from "./generator.ts";

const format = houseFormat({
  ...{ width: 320, height: 180, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 1_000_000, audioBps: 96_000 },
});

test("a title that cannot be removed is told of and harms nobody", async () => {
  const folder = mkdtempSync(join(tmpdir(), "exstreamtv-generator-"));
  const failures: unknown[] = [];
  const options = { ffmpeg: async () => "ffmpeg", folder, clock: new SystemClock() };
  await using generator = new ErrorScreenGenerator({
    ...options,
    onFailure: (failure) => failures.push(failure),
  });
  const { picture, discard } = await generator.paintTitle("Nocturne", {}, format);
  // Its place is taken by what is not a file.
  rmSync(picture.file);
  renameSync(mkdtempSync(join(folder, "other-")), picture.file);
  await discard();
  expect(failures).toMatchObject([{ code: "ERR_FS_EISDIR" }]);
  rmSync(folder, { recursive: true, force: true });
});
