import { type DType, numpy as np, tree } from "@jax-js/jax";
import { cast, type Hyperparameter, operand, scalarDtype } from "./hyperparameter.js";
import { areSafeSquares, innerProduct, magnitude, scaled } from "./norm.js";
import { negated } from "./scale-by-learning-rate.js";

// Squares of float32 numbers overflow beyond 1.8e19 and lose digits below 1e-19. Where they would, both functions work on
// arrays divided by a scale s, and u = s / d is what turns them into bias-corrected ones.

/**
 * (Mh Mh' + rho I)^-1 Mh over one block, with Mh = M / d:
 *
 *     Mh / (rho + |Mh|^2) = M / (rho d + |M|^2 / d)
 *
 * Over a full-size array: one reduction and one multiplication. Only where |M|^2 is very large, or very small beside a tiny
 * rho, `rescaled` takes the place of the second; the engine computes the one that is taken, jax-js both.
 *
 * @param moments The block's leaves of M; borrowed.
 * @param weight The scalar d; borrowed.
 * @param learningRate If given, the result is multiplied by its negative, which costs nothing here.
 */
export function preconditionMoment(
  moments: readonly np.Array[],
  weight: np.Array,
  rho: Hyperparameter,
  learningRate?: Hyperparameter,
): np.Array[] {
  const wide = moments.map((m) => cast(m.ref, scalarDtype([m])));
  const squares = innerProduct(wide, wide);
  const { dtype } = squares;
  const d = cast(weight.ref, dtype);
  const isSafe = areSafeSquares(squares.ref, wide, rho);
  const factor = numerator(learningRate, dtype).div(d.ref.mul(operand(rho, dtype)).add(squares.div(d)));
  const careful = rescaled(wide, weight, rho, learningRate);
  const steps = wide.map((m, i) => {
    const plain = m.mul(cast(factor.ref, m.dtype));
    return cast(np.where(isSafe.ref, plain, careful[i]!), moments[i]!.dtype);
  });
  tree.dispose([factor, isSafe]);
  return steps;
}

/**
 * The same as (M / s) / (rho / u + u q) with q = |M / s|^2, which neither overflows nor vanishes. Borrows all.
 */
function rescaled(
  moments: readonly np.Array[],
  weight: np.Array,
  rho: Hyperparameter,
  learningRate: Hyperparameter | undefined,
): np.Array[] {
  const scale = magnitude(moments);
  const { dtype } = scale;
  const inverse = np.reciprocal(scale.ref);
  const unit = scale.div(cast(weight.ref, dtype));
  const directions = scaled(moments, inverse);
  inverse.dispose();
  const squares = innerProduct(directions, directions);
  const denominator = np.reciprocal(unit.ref).mul(operand(rho, dtype)).add(squares.mul(unit));
  const factor = numerator(learningRate, dtype).div(denominator);
  const steps = directions.map((y) => y.mul(cast(factor.ref, y.dtype)));
  factor.dispose();
  return steps;
}

const numerator = (learningRate: Hyperparameter | undefined, dtype: DType): np.Array =>
  learningRate === undefined ? np.array(1, { dtype }) : negated(learningRate, dtype);

/**
 * (Mh Mh' + rho I)^-1 g over one block. With m the old moment and v = beta m + (1 - beta) g the new one,
 *
 *     F^-1 g = g_perp / rho + v (g'v / v'v) / (rho + |Mh|^2),      g_perp = beta (g (m'v) - m (g'v)) / v'v
 *
 * g_perp is the part of g orthogonal to Mh. In this form nothing cancels when g and Mh are parallel because g dominates
 * the moment, as at the first step; `core` says more.
 *
 * @param moments The block's leaves of v; borrowed.
 * @param oldMoments The block's leaves of m; borrowed.
 * @param gradients The block's leaves of g; borrowed.
 * @param weight The scalar d; borrowed.
 */
export function preconditionGradient(
  moments: readonly np.Array[],
  oldMoments: readonly np.Array[],
  gradients: readonly np.Array[],
  weight: np.Array,
  rho: Hyperparameter,
  beta: Hyperparameter,
): np.Array[] {
  const scale = magnitude([...oldMoments, ...gradients]);
  const { dtype } = scale;
  const inverse = np.reciprocal(scale.ref);
  const directions = scaled(moments, inverse);
  const scaledMoments = scaled(oldMoments, inverse);
  const scaledGradients = scaled(gradients, inverse);
  inverse.dispose();
  const d = cast(weight.ref, dtype);
  const unit = scale.div(d.ref);
  const vv = innerProduct(directions, directions);
  const nonzero = vv.ref.greater(0);
  const perSquare = np.where(nonzero.ref, np.reciprocal(np.where(nonzero.ref, vv.ref, 1)), 0);
  const gv = innerProduct(scaledGradients, directions).mul(perSquare.ref);
  const mv = innerProduct(scaledMoments, directions).mul(perSquare);
  tree.dispose(scaledMoments);
  tree.dispose(scaledGradients);
  const denominator = np.reciprocal(unit.ref).mul(operand(rho, dtype)).add(vv.mul(unit));
  const forMoment = gv.ref.mul(d).div(denominator);
  // These two act on g and m as they are: their factors do not depend on the scale.
  const perRho = np.reciprocal(operand(rho, dtype));
  const forGradient = np.where(nonzero, mv.mul(operand(beta, dtype)), 1).mul(perRho.ref);
  const forOldMoment = gv.mul(operand(beta, dtype)).mul(perRho);
  const steps = directions.map((y, i) => {
    const times = (x: np.Array, factor: np.Array) => cast(x, y.dtype).mul(cast(factor.ref, y.dtype));
    const across = times(gradients[i]!.ref, forGradient).sub(times(oldMoments[i]!.ref, forOldMoment));
    return cast(across.add(times(y, forMoment)), gradients[i]!.dtype);
  });
  for (const factor of [forMoment, forGradient, forOldMoment]) factor.dispose();
  return steps;
}
