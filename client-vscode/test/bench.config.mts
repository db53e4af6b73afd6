import { defineConfig } from "vitest/config";

/** Measures and prints; only run by hand, since a machine that is busy says nothing about the extension. */
export default defineConfig({ test: { include: ["test/bench/**/*.test.ts"], fileParallelism: false, testTimeout: 600_000 } });
