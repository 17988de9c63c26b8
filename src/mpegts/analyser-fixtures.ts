// What the tests of the analyser share.
import { Analyser } from "./analyser.ts";
import type { AnalyserReport } from "./analyser-report.ts";
import type { CheckName } from "./checks.ts";
import { type FixtureOptions, type FixturePacket, goodStream, joinPackets } from "./packet-fixtures.ts";

/** The report on a whole stream. */
export function analyse(stream: readonly FixturePacket[] | Uint8Array): AnalyserReport {
  const analyser = new Analyser();
  analyser.push(stream instanceof Uint8Array ? stream : joinPackets(stream));
  return analyser.report();
}

/** The checks that failed, in the order of the report. */
export function failed(report: AnalyserReport): CheckName[] {
  return report.checks.filter((check) => check.status === "fail").map((check) => check.check);
}

/** How one check ended. */
export function status(report: AnalyserReport, name: CheckName): string | undefined {
  return report.checks.find((check) => check.check === name)?.status;
}

/** Index of the packet number `count` of a PID, or of those that begin something. */
export function nth(packets: FixturePacket[], count: number, pid: number, start = false): number {
  let seen = 0;
  return packets.findIndex((packet) => packet.pid === pid && (!start || packet.start) && seen++ === count);
}

/** The good stream with its bytes changed in place by `bend`. */
export function bent(bend: (packets: FixturePacket[]) => void, options?: FixtureOptions): FixturePacket[] {
  const packets = goodStream(options);
  bend(packets);
  return packets;
}

/** The good stream with packets put in at `index`. */
export function insert(
  index: number,
  added: readonly FixturePacket[],
  options?: FixtureOptions,
): FixturePacket[] {
  const packets = goodStream(options);
  packets.splice(index, 0, ...added);
  return packets;
}
