import type { numpy as np } from "@jax-js/jax";

/** A tree like `T` with other leaves in the place of jax-js arrays. */
export type WithLeaves<T, Leaf> = T extends np.Array
  ? Leaf
  : T extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { [K in keyof T]: WithLeaves<T[K], Leaf> }
    : T;
