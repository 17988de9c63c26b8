import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const CLIENTS = fileURLToPath(new URL("cut-off-clients.ts", import.meta.url));

/** Why no network can be made here; undefined when it can. Takes root and Linux's `ip`. */
export async function whyNoNetwork(): Promise<string | undefined> {
  try {
    await using network = await CutOffNetwork.make();
    return network.address === "" ? "no address" : undefined;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}

/**
 * A network of its own behind a virtual cable (network namespace and veth pair), with clients in it, that can be
 * cut off: from then on nothing of them arrives, not even that they are gone. Removes all of it when disposed.
 */
export class CutOffNetwork implements AsyncDisposable {
  /** This machine's address, as the clients see it. */
  readonly address: string;
  readonly #name: string;
  readonly #clients: ChildProcess[] = [];

  private constructor(name: string, address: string) {
    this.#name = name;
    this.address = address;
  }

  static async make(): Promise<CutOffNetwork> {
    const number = randomInt(1, 250);
    const name = `exs${process.pid}x${number}`.slice(0, 13);
    const network = new CutOffNetwork(name, `10.213.${number}.1`);
    try {
      await run("ip", ["netns", "add", name]);
      await run("ip", ["link", "add", `${name}a`, "type", "veth", "peer", "name", `${name}b`]);
      await run("ip", ["link", "set", `${name}b`, "netns", name]);
      await run("ip", ["addr", "add", `10.213.${number}.1/30`, "dev", `${name}a`]);
      await run("ip", ["link", "set", `${name}a`, "up"]);
      await network.#inside("ip", "addr", "add", `10.213.${number}.2/30`, "dev", `${name}b`);
      await network.#inside("ip", "link", "set", `${name}b`, "up");
      return network;
    } catch (failure) {
      await network[Symbol.asyncDispose]();
      throw failure;
    }
  }

  /** Opens so many streams from within; resolves when all of them have had their first bytes. */
  async stream(count: number, port: number, path: string, mode: "reading" | "paused"): Promise<void> {
    const url = `http://${this.address}:${port}${path}`;
    const node = [process.execPath, CLIENTS, String(count), url, mode];
    const child = spawn("ip", ["netns", "exec", this.#name, ...node], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#clients.push(child);
    await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(() => Promise.reject(new Error("the clients ended"))),
    ]);
  }

  /** Pulls the cable. */
  async cut(): Promise<void> {
    await this.#inside("ip", "link", "set", `${this.#name}b`, "down");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#clients) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    // With the namespace goes its end of the cable, and with that the other end.
    await run("ip", ["netns", "del", this.#name]).catch(() => undefined);
    await run("ip", ["link", "del", `${this.#name}a`]).catch(() => undefined);
  }

  #inside(...command: string[]) {
    return run("ip", ["netns", "exec", this.#name, ...command]);
  }
}
