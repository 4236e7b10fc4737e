import { numpy as np, tree } from "@jax-js/jax";
import { checkPositive } from "../core/options.js";
import { cast, checkHyperparameter, type Hyperparameter, operand } from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import { innerProduct, magnitude, scaled } from "./norm.js";
import { emptyState, type GradientTransformation } from "./transformation.js";

/**
 * Shortens updates whose Euclidean norm over all leaves exceeds a bound: update min(1, maxNorm / |update|).
 *
 * Right for zero updates and for ones whose squares would overflow. Updates that are not finite stay so.
 *
 * State: none.
 *
 * @param maxNorm Largest norm, finite and > 0.
 * @returns The transformation. `update` does not use the parameters.
 * @throws InvalidArgumentError for a number out of range.
 */
export function clipByGlobalNorm(maxNorm: Hyperparameter): GradientTransformation {
  const bound = checkHyperparameter("maxNorm", maxNorm, checkPositive);
  return {
    init: emptyState,
    update(updates, state, params) {
      tree.dispose(params);
      const leaves = tree.leaves<np.Array>(updates);
      const scale = magnitude(leaves);
      const { dtype } = scale;
      const inverse = np.reciprocal(scale.ref);
      const directions = scaled(leaves, inverse);
      const norm = np.sqrt(innerProduct(directions, directions));
      tree.dispose(directions);
      const exceeds = norm.ref.greater(inverse.ref.mul(operand(bound, dtype)));
      // Two factors, as their product can be too small for float32: 1 / scale, and maxNorm / |update / scale|.
      const first = np.where(exceeds.ref, inverse, 1);
      const second = np.where(exceeds, np.reciprocal(norm).mul(operand(bound, dtype)), 1);
      scale.dispose();
      const clipped = mapLeaves(updates, (u) =>
        u.mul(cast(first.ref, u.dtype)).mul(cast(second.ref, u.dtype)),
      );
      first.dispose();
      second.dispose();
      return [clipped, state];
    },
  };
}
