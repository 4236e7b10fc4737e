import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // jax-js and ONNX Runtime keep process-wide state (backends, thread pools): one process per file.
    pool: "forks",
    maxWorkers: 2,
  },
});
