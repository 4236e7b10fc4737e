import { DType, numpy as np } from "@jax-js/jax";
import { cast, type Hyperparameter, scalarDtype } from "./hyperparameter.js";

// Rows longer than this are summed in two stages; shorter ones lose no digits worth a second reduction.
const ONE_STAGE = 256;

// A thousand million squares too small for float32 are together less than 2e-29. Bias correction divides by the square of
// 1 - beta at least, 4e-15 for the largest beta below 1 that is a float32, and what comes out is nothing beside this.
const NOT_TINY = 1e-6;

/**
 * A positive scalar to divide the arrays by, so that their squares neither overflow nor vanish: the sum of all absolute
 * values, held in the range where its inverse is in range too. One reduction that only reads. Borrows the arrays.
 */
export function magnitude(arrays: readonly np.Array[]): np.Array {
  const dtype = scalarDtype(arrays);
  const [least, most] = dtype === DType.Float64 ? [1e-300, 1e300] : [1e-37, 1e37];
  const sum = arrays.reduce(
    (total, x) => (x.size === 0 ? total : total.add(cast(np.sum(np.abs(x.ref)), dtype))),
    np.array(least, { dtype }),
  );
  return np.minimum(sum, np.array(most, { dtype }));
}

/**
 * Whether a sum of the arrays' squares is one whose terms neither overflowed nor lost digits that matter, with room for
 * a division by a small number: a scalar. Consumes `sum`, borrows the arrays.
 *
 * @param added What the sum is going to be added to. Beside a number that is not tiny, it may lose all its digits.
 */
export function areSafeSquares(sum: np.Array, arrays: readonly np.Array[], added: Hyperparameter): np.Array {
  const { dtype } = sum;
  const isWide = arrays.every((x) => x.dtype === DType.Float64);
  const [least, most] = isWide ? [1e-200, 1e200] : [1e-20, 1e20];
  const isBelow = sum.ref.less(np.array(most, { dtype }));
  if (typeof added === "number" && added >= NOT_TINY) {
    sum.dispose();
    return isBelow;
  }
  return isBelow.mul(sum.greater(np.array(least, { dtype })));
}

/** Every array times a scalar, in float32 or float64. Borrows the arrays and the scalar. */
export function scaled(arrays: readonly np.Array[], scale: np.Array): np.Array[] {
  return arrays.map((x) => {
    const dtype = scalarDtype([x]);
    return cast(x.ref, dtype).mul(cast(scale.ref, dtype));
  });
}

/** The inner product of two lists of arrays, a scalar. Borrows them. */
export function innerProduct(xs: readonly np.Array[], ys: readonly np.Array[]): np.Array {
  const dtype = scalarDtype([...xs, ...ys]);
  return xs.reduce(
    (sum, x, i) => (x.size === 0 ? sum : sum.add(cast(sumAll(x.ref.mul(ys[i]!.ref)), dtype))),
    np.array(0, { dtype }),
  );
}

/** The sum of all elements, in two stages so that the rounding error grows with sqrt(n), not n. Consumes `x`. */
function sumAll(x: np.Array): np.Array {
  const columns = columnsFor(x.size);
  if (columns === x.size) return x.sum();
  const remainder = x.size % columns;
  const flat = x.reshape([x.size]);
  const full = remainder === 0 ? flat : np.pad(flat, [[0, columns - remainder]]);
  return full.reshape([-1, columns]).sum(1).sum();
}

/** A row length near sqrt(size), a divisor where there is one within a factor of 4. */
export function columnsFor(size: number): number {
  if (size <= ONE_STAGE) return size;
  const root = Math.round(Math.sqrt(size));
  for (let step = 0; step < root * 3; step++) {
    if (size % (root + step) === 0) return root + step;
    if (step * 4 <= root * 3 && size % (root - step) === 0) return root - step;
  }
  return root;
}
