import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { checks, toleranceOf } from "./checks.js";

/** Runs the checks on the backends of Node. */
export function runChecks(version: RegExp): void {
  it("runs the version that is meant", () => {
    expect(tf.version_core).toMatch(version);
  });

  describe.each(["cpu", "wasm"])("on %s", (backend) => {
    beforeAll(async () => {
      await tf.setBackend(backend);
      await tf.ready();
    });

    it.each(checks)("$name", async ({ run, atMost = toleranceOf(backend) }) => {
      expect(tf.getBackend()).toBe(backend);
      expect(await run()).toBeLessThanOrEqual(atMost);
    });
  });
}
