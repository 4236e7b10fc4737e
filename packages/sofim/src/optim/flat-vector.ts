import { type DType, numpy as np, tree } from "@jax-js/jax";
import { cast } from "./hyperparameter.js";
import type { ArrayTree } from "./transformation.js";

/** All elements of a tree end to end, as one vector of `dtype`. Consumes the tree, which must have elements. */
export function toVector(root: ArrayTree, dtype: DType): np.Array {
  const parts = tree.leaves<np.Array>(root).flatMap((x) => {
    if (x.size > 0) return [cast(x.reshape([x.size]), dtype)];
    x.dispose();
    return [];
  });
  return parts.length === 1 ? parts[0]! : np.concatenate(parts);
}

/** The tree whose elements are those of a vector, with the structure, shapes and dtypes of `like`. Consumes both. */
export function fromVector<Tree extends ArrayTree>(vector: np.Array, like: Tree): Tree {
  const [leaves, structure] = tree.flatten<np.Array>(like);
  let offset = 0;
  const parts = leaves.map((x) => {
    if (x.size === 0) return x;
    const { shape, dtype, size } = x;
    x.dispose();
    offset += size;
    return cast(vector.ref.slice([offset - size, offset]).reshape(shape), dtype);
  });
  vector.dispose();
  return tree.unflatten(structure, parts) as Tree;
}
