import { DType, numpy as np } from "@jax-js/jax";
import { cast, type Hyperparameter, operand } from "./hyperparameter.js";
import { innerProduct, magnitude } from "./norm.js";
import { zeroScalar } from "./zeros.js";

/**
 * The last pairs of steps s and gradient changes y, in rings of `memory` rows.
 *
 * H does not change when s and y of a pair are scaled together. Each is therefore kept divided by its own
 * `magnitude`, so that no inner product overflows or vanishes, and the ratio of the two magnitudes beside them. Rows that
 * hold no pair yet are zero and do nothing.
 */
export type CurvatureHistory = {
  /** s / magnitude(s), [memory, weights]. */
  readonly steps: np.Array;
  /** y / magnitude(y), [memory, weights]. */
  readonly changes: np.Array;
  /** 1 over the inner product of the two rows; 0 in empty rows, [memory]. */
  readonly inverseProducts: np.Array;
  /** magnitude(s) / magnitude(y), [memory]. */
  readonly ratios: np.Array;
  /** s'y / y'y of the newest pair, the scale of the initial inverse Hessian. */
  readonly gamma: np.Array;
  /** Pairs taken in so far, an int32 scalar. */
  readonly pairs: np.Array;
};

/** A history without pairs for vectors of `size` elements. */
export function emptyHistory(memory: number, size: number, dtype: DType): CurvatureHistory {
  return {
    steps: np.zeros([memory, size], { dtype }),
    changes: np.zeros([memory, size], { dtype }),
    inverseProducts: np.zeros([memory], { dtype }),
    ratios: np.zeros([memory], { dtype }),
    gamma: zeroScalar(dtype),
    pairs: zeroScalar(DType.Int32),
  };
}

/**
 * H g by the two-loop recursion, with H the BFGS inverse that starts at gamma I and takes in every pair. Without pairs
 * it is g min(1, 1 / |g|).
 *
 * @param history Borrowed.
 * @param gradient A vector; consumed.
 */
export function applyInverseHessian(history: CurvatureHistory, gradient: np.Array): np.Array {
  const { steps, changes, pairs } = history;
  const memory = steps.shape[0]!;
  const scale = magnitude([gradient]);
  let q = gradient.div(scale.ref);

  const newestFirst = np.remainder(pairs.ref.add(memory - 1).sub(np.arange(memory)), memory);
  const inverseProducts = np.take(history.inverseProducts.ref, newestFirst.ref);
  const ratios = np.take(history.ratios.ref, newestFirst.ref);
  const rows = Array.from({ length: memory }, (_, i) => {
    const index = newestFirst.ref.slice(i);
    return {
      step: np.take(steps.ref, index.ref, 0),
      change: np.take(changes.ref, index, 0),
      inverseProduct: inverseProducts.ref.slice(i),
      ratio: ratios.ref.slice(i),
    };
  });
  for (const used of [newestFirst, inverseProducts, ratios]) used.dispose();

  const alphas = rows.map(({ step, change, inverseProduct }) => {
    const alpha = innerProduct([step], [q]).mul(inverseProduct.ref);
    q = q.sub(change.ref.mul(alpha.ref));
    return alpha;
  });
  // 1 / |g| = 1 / (scale |g / scale|): the product may exceed the number range, the two factors do not.
  const unitLength = np.sqrt(innerProduct([q], [q]));
  // |g / scale| is 0 for g = 0, and at least 1 / sqrt(weights) else.
  const firstGamma = np.minimum(1, np.reciprocal(scale.ref).div(np.maximum(unitLength, 1e-20)));
  let r = q.mul(np.where(pairs.ref.greater(0), history.gamma.ref, firstGamma));
  for (let i = memory - 1; i >= 0; i--) {
    const { step, change, inverseProduct, ratio } = rows[i]!;
    const beta = innerProduct([change], [r]).mul(inverseProduct);
    change.dispose();
    r = r.add(step.mul(alphas[i]!.mul(ratio).sub(beta)));
  }
  return r.mul(scale);
}

/**
 * Takes in a pair if its curvature s'y / s's is above `minCurvature` and all numbers stay finite; otherwise the history
 * stays as it is.
 *
 * @param history Consumed.
 * @param step s, a vector; consumed.
 * @param change y, a vector; consumed.
 */
export function addPair(
  history: CurvatureHistory,
  step: np.Array,
  change: np.Array,
  minCurvature: Hyperparameter,
): CurvatureHistory {
  const memory = history.steps.shape[0]!;
  const { dtype } = step;
  const stepSize = magnitude([step]);
  const changeSize = magnitude([change]);
  const s = step.div(stepSize.ref);
  const y = change.div(changeSize.ref);
  const ratio = stepSize.div(changeSize);
  const product = innerProduct([s], [y]);
  const least = innerProduct([s], [s]).mul(operand(minCurvature, dtype)).mul(ratio.ref);
  const accepted = product.ref.greater(least);
  const inverse = np.reciprocal(product.ref);
  const gamma = ratio.ref.mul(product).div(innerProduct([y], [y]));

  const row = np.remainder(history.pairs.ref, memory);
  const replaced = np.logicalAnd(np.arange(memory).equal(row), accepted.ref);
  const column = replaced.ref.reshape([memory, 1]);
  return {
    steps: np.where(column.ref, s, history.steps),
    changes: np.where(column, y, history.changes),
    inverseProducts: np.where(replaced.ref, inverse, history.inverseProducts),
    ratios: np.where(replaced, ratio, history.ratios),
    gamma: np.where(accepted.ref, gamma, history.gamma),
    pairs: history.pairs.add(cast(accepted, DType.Int32)),
  };
}
