import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Starts a script of this folder as a process of its own. */
export function start(script: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** The next message of a child; rejects when it ends before. */
export function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as T));
    child.once("exit", (code) => reject(new Error(`a bench process ended with ${code}`)));
  });
}

/** A child's answer to the one question there is. */
export function ask<T>(child: ChildProcess): Promise<T> {
  const answered = answer<T>(child);
  child.send("figures?");
  return answered;
}
