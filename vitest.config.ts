import { defineConfig } from "vitest/config";

/**
 * End-to-end tests that only encode and judge files: no server's clock runs in them. They stand back behind those
 * that run beside them.
 */
const OF_FILES = testsOf(
  ...["colour", "constant-rate", "encoder-contract", "encoder-switch", "error-screens", "fields", "formats"],
  ...["library", "lip-sync", "loudness", "plain-screen", "safe-run", "subtitles", "support/judges", "why"],
);

/** End-to-end tests of servers in real time that bear two more beside them, and nothing else. */
const FEW = testsOf(...["descriptors", "encoder-death", "hot-swap", "live-sources", "spawn-budget"]);

/** End-to-end tests that need both cores to themselves: hundreds of viewers, and players that count every complaint. */
const ALONE = testsOf("chaos", "fan-out", "live-protocols", "timestamp-wrap", "torture");

function testsOf(...names: string[]): string[] {
  return names.map((name) => `test/e2e/${name}.test.ts`);
}

/** Time enough for streams in real time. */
const PATIENT = { testTimeout: 300_000, hookTimeout: 300_000 };

/** Servers in real time, whose small encoders leave room for one another, and what fills the rest of it. */
const BESIDE_OTHERS = { maxWorkers: 3, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "chaos/**/*.test.ts", "test/gates/**/*.test.ts"],
          // Many run real programs or hundreds of generated cases, on machines that are busy with other things.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "files",
          include: OF_FILES,
          setupFiles: "test/support/stand-back.ts",
          ...PATIENT,
          ...BESIDE_OTHERS,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: [...OF_FILES, ...FEW, ...ALONE],
          ...PATIENT,
          ...BESIDE_OTHERS,
        },
      },
      {
        test: { name: "few", include: FEW, ...PATIENT, maxWorkers: 3, sequence: { groupOrder: 2 } },
      },
      {
        test: { name: "alone", include: ALONE, ...PATIENT, maxWorkers: 1, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
