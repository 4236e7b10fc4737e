import { grad, jvp, lax, numpy as np } from "@jax-js/jax";
import { type Case, floats, integers } from "./case.js";

type A = np.Array;

const pools = {
  "max 2 by 2": { reduce: np.max, window: [2, 2], shape: [2, 3, 4, 6] },
  "max 3 by 2": { reduce: np.max, window: [3, 2], shape: [2, 3, 6, 4] },
  "max with rows left over": { reduce: np.max, window: [2, 2], shape: [2, 3, 5, 7] },
  "sum 2 by 2": { reduce: np.sum, window: [2, 2], shape: [2, 3, 4, 6] },
  "mean 2 by 3": { reduce: np.mean, window: [2, 3], shape: [2, 3, 4, 6] },
  "min 2 by 2": { reduce: np.min, window: [2, 2], shape: [2, 3, 4, 6] },
  "max in one dimension": { reduce: np.max, window: [2], shape: [2, 3, 8] },
};

const overlapping = {
  "max 3 by 3, stride 2": { reduce: np.max, window: [3, 3], strides: [2, 2], shape: [2, 3, 7, 8] },
  "max 2 by 3, stride 1": { reduce: np.max, window: [2, 3], strides: [1, 1], shape: [2, 3, 4, 5] },
  "mean 3 by 3, stride 1": { reduce: np.mean, window: [3, 3], strides: [1, 1], shape: [1, 2, 5, 5] },
  "sum with gaps": { reduce: np.sum, window: [2, 2], strides: [3, 3], shape: [1, 2, 8, 9] },
  "max in one dimension, stride 1": { reduce: np.max, window: [3], strides: [1], shape: [2, 3, 8] },
};

const tiling = Object.fromEntries(
  Object.entries(pools).map(([name, pool]) => [name, { ...pool, strides: pool.window }]),
);

export const poolCases: readonly Case[] = Object.entries({ ...tiling, ...overlapping }).flatMap(
  ([name, { reduce, window, strides, shape }]) => {
    const pool = (x: A) => lax.reduceWindow(x, (w) => reduce(w), window, strides);
    const gradient = grad((x: A) => np.sum(np.sin(pool(x))));
    const ties = integers(shape, 0, 1);
    return [
      { name, fn: pool, args: [floats(shape)] },
      { name: `${name}, gradient`, fn: gradient, args: [floats(shape)] },
      { name: `${name}, gradient at ties`, fn: (x: A) => gradient(x.astype(np.float32)), args: [ties] },
      { name: `${name}, Hessian product`, fn: (x: A) => jvp(gradient, [x.ref], [x]), args: [floats(shape)] },
    ];
  },
);
