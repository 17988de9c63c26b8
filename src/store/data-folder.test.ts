import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../base/errors.ts";
import { DataFolder } from "./data-folder.ts";

const options = { wallNow: () => Date.UTC(2026, 0, 2, 3, 4, 5) };
let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "exstreamtv-claim-"));
  folder = join(root, "deep", "data");
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function refusal(path: string): Promise<AppError> {
  return DataFolder.claim(path, options).then(
    () => expect.unreachable("it was claimed"),
    (failure: AppError) => failure,
  );
}

/** Claims the folder in another process; resolves once it holds it. */
async function claimElsewhere() {
  const module = JSON.stringify(fileURLToPath(new URL("data-folder.ts", import.meta.url)));
  const script = `
    const { DataFolder } = await import(${module});
    await DataFolder.claim(process.argv[1], { wallNow: () => 0 });
    console.log("claimed");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("a data folder", () => {
  it("is made, held by one, and free again after", async () => {
    const first = await DataFolder.claim(folder, options);
    const failure = await refusal(folder);
    expect(failure).toBeInstanceOf(AppError);
    expect(failure.code).toBe("data_folder_locked");
    expect(failure.message).toContain(`process ${process.pid}, started 2026-01-02T03:04:05.000Z`);
    expect(failure.message).toContain(folder);
    first.close();
    first.close();
    await using second = await DataFolder.claim(folder, options);
    expect(second.id).toBe(first.id);
  });

  it("is freed by the end of its holder's process, however it ends", async () => {
    const holder = await claimElsewhere();
    expect(await refusal(folder)).toMatchObject({
      code: "data_folder_locked",
      message: expect.stringContaining(`process ${holder.pid},`),
    });
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await using claimed = await DataFolder.claim(folder, options);
    expect(claimed.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("of which many want to be the holder has one", async () => {
    const claims = await Promise.allSettled(
      Array.from({ length: 8 }, () => DataFolder.claim(folder, options)),
    );
    const held = claims.filter((claim) => claim.status === "fulfilled");
    expect(held.length).toBe(1);
    for (const claim of held) claim.value.close();
  });

  it("that is a copy of another one has an id of its own", async () => {
    const original = await DataFolder.claim(folder, options);
    original.close();
    const copy = join(root, "copy");
    await cp(folder, copy, { recursive: true });
    await using copied = await DataFolder.claim(copy, options);
    expect(copied.id).not.toBe(original.id);
  });

  it("gets a new id when its own is damaged", async () => {
    const first = await DataFolder.claim(folder, options);
    first.close();
    await writeFile(join(folder, "server.json"), "{");
    await using second = await DataFolder.claim(folder, options);
    expect(second.id).not.toBe(first.id);
    expect(JSON.parse(await readFile(join(folder, "server.json"), "utf8"))).toMatchObject({ id: second.id });
  });

  it("that cannot be used is refused with the reason", async () => {
    await writeFile(join(root, "file"), "");
    await symlink("/nonexistent/drive", join(root, "dangling"));
    for (const path of [join(root, "file"), join(root, "file", "below"), join(root, "dangling", "data")]) {
      const failure = await refusal(path);
      expect(failure.code, path).toBe("data_folder_unusable");
      expect(failure.message).toContain(`${path} cannot be written: E`);
    }
  });
});
