import { expect, it } from "vitest";
import { judgeBlock, type LoopBlock } from "./loop-block.ts";

const BLOCK: LoopBlock = {
  ...{ wallMs: 5000, cpuMs: 0, gcMs: 0, starvedMs: 0, wasStopped: false, work: undefined },
};

it.each<[string, Partial<LoopBlock>, ReturnType<typeof judgeBlock>["reason"]]>([
  ["was stopped", { wasStopped: true }, "stopped"],
  ["was stopped for a moment, but worked", { wasStopped: true, cpuMs: 4900 }, "own_code"],
  ["collected garbage", { cpuMs: 4900, gcMs: 4000 }, "garbage_collection"],
  ["collected garbage in other threads, mostly", { cpuMs: 900, gcMs: 4000 }, "garbage_collection"],
  ["collected some garbage, but mostly worked", { cpuMs: 4900, gcMs: 2000 }, "own_code"],
  ["worked", { cpuMs: 2500 }, "own_code"],
  ["was given no processor", { cpuMs: 400, starvedMs: 4500 }, "starved"],
  ["was given little processor, and nobody tells", { cpuMs: 600, starvedMs: undefined }, "starved"],
  ["did nothing, and nobody tells why", { cpuMs: 100, starvedMs: undefined }, "waiting"],
  ["waited for a disk", { cpuMs: 600, starvedMs: 10 }, "waiting"],
])("%s", (_, known, reason) => {
  expect(judgeBlock({ ...BLOCK, ...known }).reason).toBe(reason);
});

it("names the work that took most of it, and no other", () => {
  const sentence = (ms: number) =>
    judgeBlock({ ...BLOCK, cpuMs: 5000, work: { name: "the channels", ms } }).sentence;
  expect(sentence(4000)).toBe("The server was busy itself, with the channels.");
  expect(sentence(1000)).toBe("The server was busy itself, with work that has no name.");
});
