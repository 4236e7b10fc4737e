import type { JsTree, numpy as np } from "@jax-js/jax";

/** A tree like `T` with other leaves in the place of jax-js arrays. */
export type WithLeaves<T, Leaf> =
  JsTree<np.Array> extends T
    ? JsTree<Leaf>
    : T extends np.Array
      ? Leaf
      : T extends readonly unknown[] | Readonly<Record<string, unknown>>
        ? { [K in keyof T]: WithLeaves<T[K], Leaf> }
        : T;

/** Parameter lists that take other leaves in the place of jax-js arrays. */
export type ArgumentsWithLeaves<Args extends unknown[], Leaf> = {
  [K in keyof Args]: WithLeaves<Args[K], Leaf>;
};
