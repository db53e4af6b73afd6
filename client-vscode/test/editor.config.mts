import { defineConfig } from "vitest/config";

/** One after the other: each file has an editor of its own, and the machine may have two cores. */
export default defineConfig({
  test: {
    include: ["test/editor/**/*.test.ts"],
    allowOnly: false,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
