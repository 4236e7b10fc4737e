import { numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import type { ValueAndGradient } from "sofim/core";
import { type EngineArray, engineArray, jit } from "sofim/ort";
import type { ModelParams } from "../models/index.js";
import { makeObjective } from "../train/objective.js";
import type { Workload } from "../workloads/workload.js";
import { type DeviceImages, indexRange } from "./device-images.js";

/** The objective of a workload over all images of a set, in float64. */
export interface FullObjective {
  /** Value and gradient at weights laid end to end, in the order of the parameters' leaves. */
  evaluate(weights: Float64Array): Promise<ValueAndGradient & { readonly gradient: Float64Array }>;
  dispose(): Promise<void>;
}

/** Images per call of the engine, at most. */
const CHUNK = 10_000;

/**
 * Compiles a workload's objective, averaged over all of `set`, with its gradient. The engine goes through the images
 * in chunks; they are the float32 numbers that the optimizers see, the arithmetic is float64.
 */
export function compileFullObjective(
  { model, l2 }: Pick<Workload, "model" | "l2">,
  set: DeviceImages,
  threads?: number,
): FullObjective {
  const [leaves, structure] = tree.flatten<np.Array>(model.init({ uniform: () => 0 }));
  const shapes = leaves.map(({ shape }) => [...shape]);
  tree.dispose(leaves);

  const objective = valueAndGrad(makeObjective(model, l2));
  const ofChunk = jit(
    (params: np.Array[], images: np.Array, labels: np.Array, indices: np.Array): [np.Array, np.Array[]] => {
      const weights = tree.unflatten(structure, params) as unknown as ModelParams;
      const chunk = np.take(images, indices.ref, 0).astype(np.float64);
      const [value, gradient] = objective(weights, chunk, np.take(labels, indices, 0));
      return [value, tree.leaves<np.Array>(gradient)];
    },
    { device: "cpu", ...(threads === undefined ? {} : { threads }) },
  );
  const chunks = Array.from({ length: Math.ceil(set.count / CHUNK) }, (_, i) =>
    indexRange(i * CHUNK, Math.min((i + 1) * CHUNK, set.count)),
  );

  return {
    async evaluate(weights) {
      const params = splitLeaves(weights, shapes);
      const gradient = new Float64Array(weights.length);
      let value = 0;
      for (const indices of chunks) {
        const share = indices.length / set.count;
        const at = engineArray(Int32Array.from(indices));
        const [chunkValue, chunkGradient] = await ofChunk(params, set.images, set.labels, at);
        value += share * chunkValue.item();
        addLeaves(gradient, share, chunkGradient);
      }
      return { value, gradient };
    },
    dispose: () => ofChunk.dispose(),
  };
}

/** All weights of a tree that the engine holds, laid end to end in float64. */
export function joinLeaves(leaves: readonly EngineArray[]): Float64Array {
  const joined = new Float64Array(leaves.reduce((sum, leaf) => sum + leaf.size, 0));
  addLeaves(joined, 1, leaves);
  return joined;
}

function splitLeaves(weights: Float64Array, shapes: readonly number[][]): EngineArray[] {
  let offset = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    offset += size;
    return engineArray(weights.slice(offset - size, offset), shape);
  });
}

/** target <- target + scale leaves, with the leaves laid end to end. */
function addLeaves(target: Float64Array, scale: number, leaves: readonly EngineArray[]): void {
  let offset = 0;
  for (const leaf of leaves) {
    for (const value of leaf.dataSync()) target[offset++]! += scale * value;
  }
}
