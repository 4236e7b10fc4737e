import { type DType, numpy as np } from "@jax-js/jax";
import { mapLeaves } from "./map-leaves.js";
import type { ArrayTree } from "./transformation.js";

/**
 * Zeros of the shapes and dtypes of a tree, which it consumes. The dtype is named, as an array without a named dtype
 * is weakly typed, and a state whose types change after the first step is traced twice.
 */
export function zerosLikeTree(root: ArrayTree): ArrayTree {
  return mapLeaves(root, (x) => np.zerosLike(x, { dtype: x.dtype }));
}

/** A scalar 0 of a named dtype. */
export function zeroScalar(dtype: DType): np.Array {
  return np.array(0, { dtype });
}
