import { DType, numpy as np, tree } from "@jax-js/jax";
import { cast, type Hyperparameter, nextWeight, oneMinus, operand } from "./hyperparameter.js";
import { solvePositive } from "./small-matrices.js";
import { zeroScalar } from "./zeros.js";

/**
 * The last k gradients, and the first moment taken apart by them: M = sum_j share_j g_j + tail, where the tail is what
 * older gradients left in it. All but the gradients is float64: where they are alike, what is left of the tail after the
 * Fisher matrix has taken out its part in their span is a small difference, which float32's rounding would swamp.
 *
 * The gradients are a list, not the rows of one array, as a pure update would have to copy that at every step.
 */
export type GradientWindow = {
  /** Newest first, [weights] each; zeros where there is no gradient yet. */
  readonly gradients: np.Array[];
  /** [weights]. */
  readonly tail: np.Array;
  /** Inner products of the gradients with each other, [k, k]. */
  readonly gram: np.Array;
  /** Inner products of the gradients with the tail, [k]. */
  readonly tailProducts: np.Array;
  /** [k]. */
  readonly shares: np.Array;
  /** Bias-correction weight d: Mh = M / d. */
  readonly weight: np.Array;
  /** Gradients in the window. */
  readonly filled: np.Array;
};

/** A window of `length` gradients of `size` elements, without any yet. */
export function emptyWindow(length: number, size: number, dtype: DType): GradientWindow {
  const zeros = (shape: number[], type = DType.Float64) => np.zeros(shape, { dtype: type });
  return {
    gradients: Array.from({ length }, () => zeros([size], dtype)),
    tail: zeros([size]),
    gram: zeros([length, length]),
    tailProducts: zeros([length]),
    shares: zeros([length]),
    weight: zeroScalar(DType.Float64),
    filled: zeroScalar(DType.Float64),
  };
}

/**
 * The window with one more gradient, the oldest moved into the tail. Of the inner products k + 1 are new, those of the
 * gradient with the window and with the tail; the others follow from what is known.
 *
 * @param window Consumed.
 * @param gradient A vector; consumed.
 * @param beta Decay rate of the moment.
 */
export function pushGradient(
  window: GradientWindow,
  gradient: np.Array,
  beta: Hyperparameter,
): GradientWindow {
  const { gradients, gram, shares, tailProducts } = window;
  const last = gradients.length - 1;
  const dropped = gradients[last]!;
  const droppedShare = shares.ref.slice(last);
  const decay = operand(beta, DType.Float64);

  const tail = window.tail.add(float64(dropped).mul(droppedShare.ref)).mul(decay.ref);
  const kept = [gradient, ...gradients.slice(0, last)];
  const wide = float64(gradient.ref);
  const row = np.stack(kept.map((g) => innerProduct(g.ref, wide.ref)));
  const tailProduct = innerProduct(tail.ref, wide).reshape([1]);
  const tailProductsOfOld = tailProducts.add(gram.ref.slice([], last).mul(droppedShare)).mul(decay);
  return {
    gradients: kept,
    tail,
    gram: withNewFirst(row, gram),
    tailProducts: shifted(tailProduct, tailProductsOfOld),
    shares: nextShares(shares, beta),
    weight: nextWeight(window.weight, beta),
    filled: np.minimum(window.filled.add(constant(1)), constant(last + 1)),
  };
}

/**
 * F^-1 Mh with F = U'U / n + rho I, U the n gradients in the window as rows:
 *
 *     F^-1 Mh = U'z + tail / (d rho),      (U U' / n + rho I) z = (shares - U tail / (n rho)) / d
 *
 * as F^-1 U' = U' (U U' / n + rho I)^-1, and by Woodbury for the tail. Had Mh as a whole been given to Woodbury, the
 * difference of two vectors |g|^2 / rho times longer than the step would have been taken: Mh lies in the span of the
 * window but for the tail.
 *
 * @param window Borrowed.
 * @returns a vector
 */
export function applyInverseFisher(window: GradientWindow, rho: Hyperparameter): np.Array {
  const { gradients, tail, gram, tailProducts, shares, weight, filled } = window;
  const length = gradients.length;
  const regularizer = operand(rho, DType.Float64);
  const perTail = np.reciprocal(filled.ref.mul(regularizer.ref));
  const right = shares.ref.sub(tailProducts.ref.mul(perTail)).div(weight.ref);
  const ridge = np.eye(length).astype(DType.Float64).mul(regularizer.ref);
  const z = solvePositive(gram.ref.div(filled.ref).add(ridge), right);
  // Summed in float64: of gradients that are nearly alike, large multiples cancel here.
  const along = tail.ref.div(regularizer.mul(weight.ref));
  const step = gradients.reduce((sum, g, i) => sum.add(float64(g.ref).mul(z.ref.slice(i))), along);
  z.dispose();
  return cast(step, gradients[0]!.dtype);
}

/** The moment M itself, in float64. Borrows the window. */
export function momentOf({ gradients, tail, shares }: GradientWindow): np.Array {
  return gradients.reduce((sum, g, i) => sum.add(g.ref.mul(cast(shares.ref.slice(i), tail.dtype))), tail.ref);
}

/** beta times the shares, moved back by one behind that of a new gradient, 1 - beta. */
function nextShares(shares: np.Array, beta: Hyperparameter): np.Array {
  const isOld = np.arange(shares.shape[0]!).greater(0);
  const old = shifted(shares.ref.slice([0, 1]), shares).mul(operand(beta, DType.Float64));
  // Not concatenated: jit of jax-js 0.1.25 spreads a constant over all that it is concatenated with.
  return np.where(isOld, old, oneMinus(beta, DType.Float64));
}

/** A symmetric matrix moved down and right by one, its last row and column lost, with a new first row and column. */
function withNewFirst(row: np.Array, matrix: np.Array): np.Array {
  const size = row.shape[0]!;
  const top = row.ref.reshape([1, size]);
  const column = row.reshape([size, 1]);
  if (size === 1) {
    tree.dispose([column, matrix]);
    return top;
  }
  const body = matrix.slice([0, size - 1], [0, size - 1]);
  return np.concatenate([top, np.concatenate([column.slice([1, size]), body], 1)]);
}

/** A vector moved back by one, its last element lost, behind a new first one. */
function shifted(first: np.Array, vector: np.Array): np.Array {
  const size = vector.shape[0]!;
  if (size > 1) return np.concatenate([first, vector.slice([0, size - 1])]);
  vector.dispose();
  return first;
}

/** Of two vectors, the second in float64. In float32 the products of gradients that are nearly alike lose the difference. */
function innerProduct(x: np.Array, y: np.Array): np.Array {
  return float64(x).mul(y).sum();
}

function float64(x: np.Array): np.Array {
  return cast(x, DType.Float64);
}

function constant(value: number): np.Array {
  return np.array(value, { dtype: DType.Float64 });
}
