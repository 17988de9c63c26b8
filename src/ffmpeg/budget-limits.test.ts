import { expect, it } from "vitest";
import { CONFIG_SCHEMA } from "../config/schema.ts";
import { budgetLimits } from "./budget-limits.ts";

const GIB = 2 ** 30;

it.each([
  [{ processors: 2, memoryBytes: 16 * GIB, descriptors: 1_048_576 }, [64, 8, 128, 128]],
  [{ processors: 4, memoryBytes: 2 * GIB, descriptors: 1024 }, [16, 16, 128, 128]],
  [{ processors: 1, memoryBytes: GIB / 4, descriptors: 256 }, [4, 4, 128, 64]],
  [{ processors: 8, memoryBytes: undefined, descriptors: undefined }, [256, 32, 128, 128]],
])("by themselves they follow the machine: %j", (machine, [places, starts, memory, descriptors]) => {
  expect(budgetLimits(CONFIG_SCHEMA.parse({}), machine)).toEqual({
    ...{ maxConcurrent: places, startsPerSecond: starts },
    ...{ memoryReserveBytes: memory! * 2 ** 20, descriptorReserve: descriptors },
  });
});

it("what a person wants counts", () => {
  const encoders = { max_concurrent: 3, starts_per_second: 0.5, memory_reserve_mb: 0, fd_reserve: 10 };
  const machine = { processors: 64, memoryBytes: GIB, descriptors: 1024 };
  expect(budgetLimits(CONFIG_SCHEMA.parse({ encoders }), machine)).toEqual({
    ...{ maxConcurrent: 3, startsPerSecond: 0.5, memoryReserveBytes: 0, descriptorReserve: 10 },
  });
});
