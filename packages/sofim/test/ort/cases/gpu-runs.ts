/** What is on record of runs of all cases on GPUs, which most machines that run the tests lack. */
import { readFileSync, writeFileSync } from "node:fs";
import { env } from "onnxruntime-node";
import type { Device } from "../../../src/ort/index.js";

export interface GpuRun {
  /** As the person who ran the cases describes it. */
  readonly adapter: string;
  readonly date: string;
  readonly onnxruntime: string;
  /** The names of the cases that equalled jax-js. */
  readonly agreed: readonly string[];
}

/** By device: the last run on record. */
export type GpuRuns = { readonly [D in Device]?: GpuRun };

const file = new URL("gpu-runs.json", import.meta.url);

export const readGpuRuns = (): GpuRuns => JSON.parse(readFileSync(file, "utf8"));

/** Puts a run of today in the place of the device's last one. */
export function recordGpuRun(device: Device, adapter: string, agreed: readonly string[]): void {
  const date = new Date().toISOString().slice(0, 10);
  const run: GpuRun = { adapter, date, onnxruntime: env.versions.node!, agreed };
  writeFileSync(file, `${JSON.stringify({ ...readGpuRuns(), [device]: run }, null, 2)}\n`);
}
