import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { createLogger, type Log, type LogLevel, silentLog } from "./log.ts";

function capture(level: LogLevel = "debug", pretty = false) {
  const lines: string[] = [];
  const log: Log = createLogger({ level, pretty, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("JSON", () => {
  test("one line per message, with level, time and fields", () => {
    const { log, lines, records } = capture();
    log.info("ready");
    log.warn({ channel: 1, leadMs: 7000 }, "lead is short");
    expect(records()).toEqual([
      { level: 30, time: expect.any(Number), msg: "ready" },
      { level: 40, time: expect.any(Number), channel: 1, leadMs: 7000, msg: "lead is short" },
    ]);
    for (const line of lines) expect(line).toMatch(/^[^\n]*\n$/);
  });

  test("levels below the chosen one are not written", () => {
    const { log, records } = capture("warn");
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    expect(records().map(({ msg }) => msg)).toEqual(["c", "d"]);
    const silent = capture("silent");
    silent.log.error("x");
    expect(silent.lines).toEqual([]);
    silentLog.error("nobody reads this");
  });

  test("a child adds its fields", () => {
    const { log, records } = capture();
    log.child({ channel: 2 }).child({ item: 5 }).error({ code: "encoder_failed" }, "failed");
    expect(records()[0]).toMatchObject({ channel: 2, item: 5, code: "encoder_failed", msg: "failed" });
  });
});

describe("secrets do not appear,", () => {
  const secret = "hunter2";
  const url = `rtsp://admin:${secret}@cam.lan/1?token=${secret}`;

  test.each<[string, (log: Log) => void]>([
    ["not in a message", (log) => log.info(`opening ${url}`)],
    ["not in a field", (log) => log.info({ url, password: secret }, "opening")],
    ["not deep in a field", (log) => log.info({ a: { b: [{ c: { headers: { cookie: secret } } }] } }, "x")],
    ["not in a child's field", (log) => log.child({ url, authorization: secret }).info("x")],
    ["not in an error", (log) => log.error({ err: new Error(`cannot open ${url}`) })],
    ["not in an error alone", (log) => log.error(new Error(`cannot open ${url}`))],
    ["not in a cause", (log) => log.error({ err: new Error("a", { cause: new Error(url) }) }, "b")],
    [
      "not in an error's fields",
      (log) => log.error({ err: Object.assign(new Error("a"), { token: secret }) }),
    ],
  ])("%s", (_, write) => {
    for (const pretty of [false, true]) {
      const { log, lines } = capture("debug", pretty);
      write(log);
      expect(lines.join("")).not.toContain(secret);
      expect(lines.join("")).toContain("***");
    }
  });
});

describe("pretty", () => {
  test("one readable line: time, level, message, fields", () => {
    const { log, lines } = capture("info", true);
    log.info({ channel: 1, name: "Film" }, "tuned in");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO \(Film\): tuned in \{"channel":1\}\n$/);
  });

  test("text from outside cannot steer the terminal or forge a line", () => {
    const { log, lines } = capture("info", true);
    log.warn({ file: "a\u001b[2J\nb" }, "bad\u001b]0;title\u0007\r\n[12:00:00.000] INFO: all is well\u009b");
    expect(lines.join("").trimEnd()).not.toMatch(/\p{Cc}/u);
  });

  test("an error shows its stack", () => {
    const { log, lines } = capture("info", true);
    log.error({ err: new Error("boom") }, "failed");
    expect(lines.join("")).toMatch(/ERROR: failed *\n[\s\S]*Error: boom\n[\s\S]+log\.test\.ts/);
  });
});

test.each([true, false])(
  "by default lines go to standard error, the last one too (pretty: %s)",
  async (pretty) => {
    const module = JSON.stringify(new URL("./log.ts", import.meta.url).href);
    const script = `import(${module}).then(({ createLogger }) => {
    createLogger({ level: "info", pretty: ${pretty} }).info("last words");
    process.exit(0);
  });`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["-e", script]);
    expect(stdout).toBe("");
    expect(stderr).toContain("last words");
  },
  60_000,
);
