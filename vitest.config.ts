import { defineConfig } from "vitest/config";

/** End-to-end tests that only encode and judge files: no clock runs beside them, so they may share the cores. */
const OF_FILES = testsOf(
  ...["colour", "encoder-contract", "error-screens", "fields", "formats", "library", "lip-sync"],
  ...["loudness", "subtitles", "why"],
);

/**
 * End-to-end tests that need both cores to themselves: hundreds of viewers, encoders that die at every moment, and
 * players whose every complaint counts, those of a busy machine too.
 */
const ALONE = testsOf(
  ...[
    "chaos",
    "constant-rate",
    "encoder-death",
    "encoder-switch",
    "fan-out",
    "plain-screen",
    "subtitles-on-air",
  ],
  ...["support/judges", "support/players", "timestamp-wrap", "torture"],
);

function testsOf(...names: string[]): string[] {
  return names.map((name) => `test/e2e/${name}.test.ts`);
}

/** Time enough for streams in real time. */
const PATIENT = { testTimeout: 300_000, hookTimeout: 300_000 };

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
        },
      },
      {
        test: { name: "files", include: OF_FILES, ...PATIENT, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: [...OF_FILES, ...ALONE],
          // Servers in real time, whose small encoders leave room for one another.
          ...PATIENT,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: { name: "alone", include: ALONE, ...PATIENT, maxWorkers: 1, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
