import type { LogLevel } from "../base/log.ts";
import { type ConfigChange, shownValue } from "./diff.ts";
import type { ReloadOutcome } from "./live-config.ts";

/** A line for the log. */
export interface NewsLine {
  readonly level: Exclude<LogLevel, "silent">;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What is to be logged of a reload: a line per key, and one that sums them up. */
export function reloadNews(outcome: ReloadOutcome): NewsLine[] {
  if (outcome.kind === "refused") {
    const { code, message } = outcome.error;
    return [
      {
        level: "error",
        message: "configuration refused, the settings in force stay",
        fields: { code, problems: message.split("\n") },
      },
    ];
  }
  const waiting = outcome.waiting.map((change) =>
    line("warn", "setting needs a restart", change, "in_force", "configured"),
  );
  if (outcome.kind === "unchanged") {
    return [...waiting, { level: "info", message: "configuration has not changed", fields: {} }];
  }
  const { applied, idle, advice } = outcome;
  const counts = { applied: applied.length, need_restart: waiting.length, without_effect: idle.length };
  return [
    ...applied.map((change) => line("info", "setting applied", change, "before", "after")),
    ...waiting,
    ...idle.map((change) => line("info", "setting has no effect yet", change, "before", "after")),
    ...advice.map(({ key, text }) => ({ level: "warn" as const, message: text, fields: { key } })),
    { level: "info", message: "configuration reloaded", fields: counts },
  ];
}

function line(
  level: NewsLine["level"],
  message: string,
  { key, before, after }: ConfigChange,
  ...[beforeName, afterName]: [string, string]
): NewsLine {
  const values = { [beforeName]: shownValue(key, before), [afterName]: shownValue(key, after) };
  return { level, message, fields: { key: key.name, ...values } };
}
