import { defineConfig } from "vitest/config";

/** One after the other: each file has an editor of its own, and the machine may have two cores. */
export default defineConfig({
  test: {
    include: ["test/editor/**/*.test.ts"],
    allowOnly: false,
    // Somebody who drives an editor that stutters presses a key again, too: once, and it is reported.
    retry: process.env.CI ? 1 : 0,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
