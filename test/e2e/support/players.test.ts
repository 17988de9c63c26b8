import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SystemClock } from "../../../src/base/clock.ts";
import { mpvPlay } from "../../support/judges.ts";
import { cached, generated, OUTPUT } from "../../support/media-cache.ts";
import { vlcPlay } from "../../support/vlc.ts";

const clock = new SystemClock();
const SECONDS = 12;
const TICK_MS = 40;

let server: Server;
let base: string;

/** Serves a constant-bit-rate stream at its own pace, as a channel does; `/stall` stands still for 3 s after 3 s, `/short` ends after 2 s. */
beforeAll(async () => {
  const cbr = "-b:v 600k -maxrate 600k -bufsize 300k -muxrate 1000k -c:a aac -ac 2".split(" ");
  const inputs = [...generated("testsrc2=size=320x180:rate=25"), ...generated("sine=sample_rate=48000")];
  const encode = ["-t", String(SECONDS), "-c:v", "libx264", "-preset", "veryfast", "-g", "25", ...cbr];
  const stream = await readFile(await cached({ extension: ".ts", steps: [[...inputs, ...encode, OUTPUT]] }));
  server = createServer((request, response) => {
    const startedMs = clock.now();
    let sent = 0;
    const timer = clock.every(TICK_MS, () => {
      let elapsedMs = clock.now() - startedMs;
      if (request.url === "/stall" && elapsedMs > 3000) elapsedMs = Math.max(3000, elapsedMs - 3000);
      // One second at once, as a burst for a new viewer.
      const due = Math.min(stream.length, Math.floor(((elapsedMs + 1000) * 1000) / 8));
      response.write(stream.subarray(sent, due));
      sent = due;
      if (request.url === "/short" && elapsedMs > 2000) response.end();
    });
    response.once("close", () => timer.cancel());
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it("has VLC and mpv play a live stream in silence", async () => {
  const verdicts = await Promise.all([
    vlcPlay(`${base}/live`, { seconds: 4 }),
    mpvPlay(`${base}/live`, { seconds: 4 }),
  ]);
  for (const verdict of verdicts) expect(verdict).toEqual({ played: true, complaints: [] });
});

it("has both complain of a stream that stalls, and of one that ends", async () => {
  const verdicts = await Promise.all([
    vlcPlay(`${base}/stall`, { seconds: 6 }),
    mpvPlay(`${base}/stall`, { seconds: 6 }),
    vlcPlay(`${base}/short`, { seconds: 6 }),
    mpvPlay(`${base}/short`, { seconds: 6 }),
  ]);
  for (const { complaints } of verdicts) expect(complaints).not.toEqual([]);
  expect(verdicts[2].complaints).toContainEqual(expect.stringContaining("the stream ended within"));
  expect(verdicts[3].complaints).toContainEqual(expect.stringContaining("EOF reached"));
});
