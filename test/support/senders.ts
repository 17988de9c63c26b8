import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { SystemClock } from "../../src/base/clock.ts";
import { testUser, type User } from "./vlc.ts";

const clock = new SystemClock();

/** Ways in which a stream comes from another server, beside HTTP. */
export const PROTOCOLS = ["udp", "rtp", "srt", "rtmp", "rtsp"] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** Sends a file over and over in real time, by programs of others: ffmpeg, and VLC as a server of RTSP. */
export class Senders implements AsyncDisposable {
  readonly #groups: number[] = [];
  readonly #servers: Server[] = [];

  /** Sends the MPEG-TS file `file`, which everybody may read; resolves to the address at which it is received. */
  async send(protocol: Protocol, file: string): Promise<string> {
    const port = await freePort();
    const input = ["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", file, "-c", "copy"];
    const ffmpeg = (...output: string[]) => ["ffmpeg", ...input, ...output];
    switch (protocol) {
      case "udp": {
        const address = `udp://127.0.0.1:${port}`;
        this.#start(ffmpeg("-f", "mpegts", `${address}?pkt_size=1316`));
        return address;
      }
      case "rtp": {
        const address = `rtp://127.0.0.1:${port & ~1}`;
        this.#start(ffmpeg("-f", "rtp_mpegts", address));
        return address;
      }
      case "srt": {
        const address = `srt://127.0.0.1:${port}`;
        this.#start(ffmpeg("-f", "mpegts", `${address}?mode=listener`));
        return address;
      }
      case "rtmp": {
        const flv = ["-bsf:a", "aac_adtstoasc", "-f", "flv", "-listen", "1"];
        await this.#forward(port, (own) =>
          this.#start(ffmpeg(...flv, `rtmp://127.0.0.1:${own}/live/stream`)),
        );
        return `rtmp://127.0.0.1:${port}/live/stream`;
      }
      case "rtsp":
        return this.#vlc(file, port);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.close();
    for (const group of this.#groups) {
      try {
        process.kill(-group, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }

  /** ffmpeg serves RTMP to one client: each connection to `port` gets a server of its own, on another port. */
  async #forward(port: number, serve: (port: number) => void): Promise<void> {
    const server = createServer(async (client) => {
      client.on("error", () => client.destroy());
      const own = await freePort();
      serve(own);
      const upstream = await reached(own);
      upstream.on("error", () => client.destroy()).on("close", () => client.destroy());
      client.on("close", () => upstream.destroy());
      client.pipe(upstream).pipe(client);
    }).listen(port, "127.0.0.1");
    await once(server, "listening");
    this.#servers.push(server);
  }

  async #vlc(file: string, port: number): Promise<string> {
    const address = `rtsp://127.0.0.1:${port}/stream`;
    const user = process.getuid?.() === 0 ? await testUser() : undefined;
    const args = ["-q", "--loop", "--sout-keep", "--sout", `#rtp{sdp=${address}}`, file];
    this.#start(["cvlc", ...args], user);
    return address;
  }

  /** A sender that serves one client and ends is started again. */
  #start(command: readonly string[], user?: User): void {
    const child = spawn("bash", ["-c", 'while :; do "$@"; sleep 0.2; done', "bash", ...command], {
      stdio: "ignore",
      detached: true,
      env: { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: user?.home ?? process.env.HOME },
      ...(user && { uid: user.uid, gid: user.gid }),
    });
    this.#groups.push(child.pid!);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A connection to a port of this machine, as soon as somebody listens there. */
async function reached(port: number): Promise<Socket> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return socket;
    } catch (failure) {
      if (attempt === 100) throw failure;
      await clock.sleep(50);
    }
  }
}
