import { defineConfig } from "vitest/config";

/** Takes the pictures of the READMEs anew, from the real editor. */
export default defineConfig({
  test: { include: ["test/screenshots/**/*.test.ts"], fileParallelism: false, testTimeout: 300_000 },
});
