import { defaultDevice, init } from "@jax-js/jax";
import { type EngineArray, engineArray } from "sofim/ort";
import { gatherBatch, type Normalization } from "../data/batch.js";
import type { ImageSet } from "../data/dataset.js";

/** A whole set of images where the engine can gather batches from it by their indices. */
export interface DeviceImages {
  readonly count: number;
  /** [count, channels, height, width], normalized. */
  readonly images: EngineArray;
  /** [count], int32. */
  readonly labels: EngineArray;
}

/** Normalizes all of `set` once: four bytes for every pixel stay in memory. Also readies jax-js for tracing. */
export async function openDeviceImages(set: ImageSet, normalization: Normalization): Promise<DeviceImages> {
  await init("wasm");
  defaultDevice("wasm");
  const { count, channels, height, width } = set;
  const images = new Float32Array(count * channels * height * width);
  const labels = new Int32Array(count);
  gatherBatch(set, indexRange(0, count), normalization, images, labels);
  const shape = [count, channels, height, width];
  return { count, images: engineArray(images, shape), labels: engineArray(labels) };
}

/** start, start + 1, ..., end - 1. */
export function indexRange(start: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - start }, (_, i) => start + i);
}
