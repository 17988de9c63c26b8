import { mkdir, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../src/base/clock.ts";
import { rational } from "../src/base/rational.ts";
import { ErrorScreenGenerator } from "../src/error-screens/generator.ts";
import { locateFfmpeg } from "../src/ffmpeg/locate.ts";
import { houseFormat } from "../src/media/house-format.ts";
import { makeFrameNumberClip } from "../test/support/frame-number.ts";
import { openTs } from "../test/support/http-ts-client.ts";
import { ServerUnderTest } from "../test/support/server.ts";
import { type Figure, median } from "./result.ts";

const clock = new SystemClock();
const ON_AIR = "error screen on air";
const BACK = "back to the programme";
/** The least that a configuration may say. */
const LEAD_SECONDS = 4;

/** How long it takes until a screen is made, and until it is on air; at the default house format. */
export async function benchScreens(smoke: boolean): Promise<Figure[]> {
  const rounds = smoke ? 1 : 5;
  const folder = await mkdtemp(join(tmpdir(), "exstreamtv-bench-"));
  try {
    const made = await rendered(folder, rounds);
    await mkdir(join(folder, "media", "Bench"), { recursive: true });
    // What is nothing but bars would fit into the pipe, and its encoder be done before it is killed.
    const shape = { seconds: 60, fps: rational(25), width: 1280, height: 720, noisy: true };
    await makeFrameNumberClip(join(folder, "media", "Bench"), "clip.mp4", shape);
    const shown = await asked(join(folder, "media"), rounds);
    const fed = await lost(folder, rounds);
    return [
      { name: "a screen, rendered", value: made, unit: "ms" },
      { name: "a screen by hand, until it is multiplexed", value: shown, unit: "ms", aim: "≤ one Gop" },
      {
        name: `from an encoder's death without a successor to the screen, with a lead of ${LEAD_SECONDS} s`,
        ...{ value: fed, unit: "ms", aim: "what is in hand is played first: the lead, and a Gop or two" },
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rendered(folder: string, rounds: number): Promise<number> {
  const format = houseFormat({
    ...{ width: 1280, height: 720, fps: rational(30), gopSeconds: 1 },
    ...{ totalBps: 4_000_000, audioBps: 128_000 },
  });
  await using generator = new ErrorScreenGenerator({ clock, folder, ffmpeg: async () => "ffmpeg" });
  const milliseconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const beganMs = clock.now();
    await generator.render({ title: `Screen ${round}` }, {}, format, { urgent: true });
    milliseconds.push(clock.now() - beganMs);
  }
  return median(milliseconds);
}

async function asked(folder: string, rounds: number): Promise<number> {
  await using server = await ServerUnderTest.start({ folder });
  const viewer = await openTs(server.channel(1));
  await viewer.received(1_000_000);
  const url = `${server.base}/api/channels/1/error-screen`;
  const headers = { "content-type": "application/json" };
  const milliseconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await clock.sleep(2_000 + 130 * round);
    const known = server.logged(ON_AIR).length;
    const beganMs = clock.now();
    await fetch(url, { method: "POST", headers, body: JSON.stringify({ reason: "maintenance" }) });
    while (server.logged(ON_AIR).length === known) await clock.sleep(10);
    milliseconds.push(clock.now() - beganMs);
    await fetch(url, { method: "DELETE" });
  }
  await viewer.close();
  return median(milliseconds);
}

/** ffmpeg vanishes and the encoder dies: how long until a screen follows what is left of the programme. */
async function lost(folder: string, rounds: number): Promise<number> {
  const link = join(folder, "ffmpeg");
  await symlink((await locateFfmpeg({ clock, env: process.env })).ffmpeg, link);
  await using server = await ServerUnderTest.start({
    folder: join(folder, "media"),
    config: { channels: { lead_seconds: LEAD_SECONDS } },
    env: { EXSTREAMTV_FFMPEG: link },
  });
  const viewer = await openTs(server.channel(1));
  const milliseconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Until the programme has been on for so long that its lead is full.
    do await clock.sleep((LEAD_SECONDS + 4) * 1000);
    while (server.logged(ON_AIR).length > server.logged(BACK).length);
    const known = server.logged(ON_AIR).length;
    await rename(link, `${link}.away`);
    const beganMs = clock.now();
    for (const pid of await server.encoders()) process.kill(pid, "SIGKILL");
    while (server.logged(ON_AIR).length === known) await clock.sleep(10);
    milliseconds.push(clock.now() - beganMs);
    await rename(`${link}.away`, link);
  }
  await viewer.close();
  return median(milliseconds);
}
