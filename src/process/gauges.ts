import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** What is told of this process by the system and by Node.js. */
export interface Gauges {
  /** Processor time that the main thread has used, in ms. */
  cpuMs(): number;
  /** Time in which the main thread waited for a processor, in ms; undefined where nobody tells (`proc(5)`). */
  starvedMs(): number | undefined;
  memory(): MemorySample;
  /** Calls `listener` after each garbage collection, once the loop runs, with its length in ms. Returns the end. */
  onGc(listener: (ms: number) => void): () => void;
  /** Calls `listener` when the process goes on after it was stopped. Returns the end. */
  onContinue(listener: () => void): () => void;
}

/** Memory of the process, in bytes. */
export interface MemorySample {
  readonly heapUsed: number;
  /** Beyond it, Node.js ends. */
  readonly heapLimit: number;
  /** Buffers outside of the heap. */
  readonly external: number;
  readonly rss: number;
  /** What the process may use: the limit of its container or unit, else the machine's memory. */
  readonly available: number;
}

/** Those of this process. */
export const PROCESS_GAUGES: Gauges = {
  cpuMs: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  starvedMs,
  memory: () => {
    const { heapUsed, external, rss } = process.memoryUsage();
    const constrained = process.constrainedMemory();
    const machine = totalmem();
    return {
      ...{ heapUsed, external, rss, heapLimit: getHeapStatistics().heap_size_limit },
      // Without a limit, it is told as 0 or as an absurdly high one.
      available: constrained > 0 ? Math.min(constrained, machine) : machine,
    };
  },
  onGc: (listener) => {
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) listener(duration);
    });
    observer.observe({ entryTypes: ["gc"] });
    return () => observer.disconnect();
  },
  onContinue: (listener) => {
    process.on("SIGCONT", listener);
    return () => void process.off("SIGCONT", listener);
  },
};

/** The second field of `schedstat`: ns on a run queue. All zero where the kernel does not count. */
function starvedMs(): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const [onCpu, waiting] = readFileSync("/proc/self/schedstat", "latin1").split(" ").map(Number);
    return onCpu! > 0 ? waiting! / 1e6 : undefined;
  } catch {
    return undefined;
  }
}
