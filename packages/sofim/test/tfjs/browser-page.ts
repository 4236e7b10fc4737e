/** What the browser runs: the checks on webgl, their results as plain numbers. */
import "@tensorflow/tfjs-backend-webgl";
import * as tf from "@tensorflow/tfjs-core";
import { checks, toleranceOf } from "./checks.js";

export interface BrowserResult {
  readonly name: string;
  readonly atMost: number;
  readonly value: number | string;
}

async function runChecks(): Promise<{ backend: string; float32: boolean; results: BrowserResult[] }> {
  await tf.setBackend("webgl");
  await tf.ready();
  const backend = tf.getBackend();
  const results: BrowserResult[] = [];
  for (const { name, run, atMost = toleranceOf(backend) } of checks) {
    results.push({ name, atMost, value: await run().catch(String) });
  }
  return { backend, float32: tf.env().getBool("WEBGL_RENDER_FLOAT32_ENABLED"), results };
}

Object.assign(globalThis, { runChecks });
