import { type numpy as np, tree } from "@jax-js/jax";
import type { ArrayTree } from "./transformation.js";

/** `fn` of every leaf and its position, in a tree of the same structure. */
export function mapLeaves<T extends ArrayTree>(root: T, fn: (leaf: np.Array, index: number) => np.Array): T {
  const [leaves, structure] = tree.flatten<np.Array>(root);
  return tree.unflatten(structure, leaves.map(fn)) as T;
}
