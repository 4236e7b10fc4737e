import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("load-order.mjs", import.meta.url));

/** jax-js and onnxruntime-web would meet in the global variable `Worker`; see `global-worker.ts`. */
describe("jax-js and the engine on wasm work in one process", () => {
  const orders = ["jax-js first", "engine first", "at the same time"];
  it.each(orders.flatMap((order) => [1, 2].map((threads) => [order, threads] as const)))(
    "%s, %i thread(s)",
    async (order, threads) => {
      const { stdout } = await promisify(execFile)(process.execPath, [script, order, String(threads)]);
      expect(stdout.trim()).toBe("undefined"); // no global Worker is left behind
    },
  );
});
