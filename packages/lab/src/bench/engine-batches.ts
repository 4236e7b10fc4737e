import type { numpy as np } from "@jax-js/jax";
import { type Device, type EngineArray, engineArray, jit } from "sofim/ort";
import { type BenchProblem, batchCount } from "./problem.js";

/** One minibatch as the engine takes it. */
export type EngineBatch = readonly [images: EngineArray, labels: EngineArray];

/** All minibatches, ready before timing as PyTorch's are: on `webgpu`, in the GPU's memory. */
export async function cutBatches(problem: BenchProblem, device: Device): Promise<readonly EngineBatch[]> {
  const batches = Array.from({ length: batchCount }, (_, index): EngineBatch => {
    const { images, labels } = problem.batch(index);
    return [engineArray(images, [labels.length, ...problem.model.inputShape]), engineArray(labels)];
  });
  return device === "webgpu" ? copyToGpu(batches) : batches;
}

/** Results lie in the GPU's memory: products with one, since an argument that is returned as it came stays where it is. */
async function copyToGpu(batches: readonly EngineBatch[]): Promise<readonly EngineBatch[]> {
  const multiply = (
    images: np.Array,
    labels: np.Array,
    one: np.Array,
    whole: np.Array,
  ): [np.Array, np.Array] => [images.mul(one), labels.mul(whole)];
  const copy = jit(multiply, { device: "webgpu" });
  const ones = [engineArray(Float32Array.of(1), []), engineArray(Int32Array.of(1), [])] as const;
  const copies = await Promise.all(batches.map((batch) => copy(...batch, ...ones)));
  await copy.dispose();
  return copies;
}
