import { DType, numpy as np } from "@jax-js/jax";

/**
 * Algebra on m x m matrices, m a few dozen at most, inside a traced step. It is in float64 whatever the weights are,
 * and made of products and sums alone: ONNX has no factorizations, and a graph no loops, so these are unrolled.
 */

// An eigenvalue grows by 3/2 per iteration until it is near 1: this resolves those above 1e-7 of the largest.
const SIGN_ITERATIONS = 45;

// Keeps pivots of dependent columns positive: far above float64's rounding.
const RIDGE = 1e-13;

// The least pivot of a matrix with unit diagonal: below it a row is a combination of others, up to rounding.
const LEAST_PIVOT = 1e-14;

const float64 = (value: number): np.Array => np.array(value, { dtype: DType.Float64 });

/**
 * |W| = W sign(W), the symmetric matrix with W's eigenvectors and the magnitudes of its eigenvalues, by the Newton-Schulz
 * iteration X <- X (3 I - X^2) / 2 for the sign. Where an eigenvalue is too small for the iteration to resolve, its
 * magnitude comes out smaller, never negative.
 *
 * @param w Symmetric, float64, [m, m]; consumed.
 *
 * Source: Higham, "Functions of Matrices", SIAM 2008, equation 5.15.
 */
export function absoluteMatrix(w: np.Array): np.Array {
  const norm = np.sqrt(np.square(w.ref).sum());
  let sign = w.ref.div(np.where(norm.ref.greater(0), norm, float64(1)));
  for (let i = 0; i < SIGN_ITERATIONS; i++) {
    const cube = np.matmul(sign.ref, np.matmul(sign.ref, sign.ref));
    sign = sign.mul(float64(1.5)).sub(cube.mul(float64(0.5)));
  }
  const product = np.matmul(w, sign);
  return product.ref.add(product.transpose()).mul(float64(0.5));
}

/**
 * The inverse of a symmetric positive semidefinite matrix, by sweeping every diagonal element in turn. The matrix is
 * first scaled to a unit diagonal and given a ridge of 1e-13, so that one without full rank gives a bounded result; the
 * ridge's effect is then corrected where there is rank. Rows of zeros invert to rows of zeros.
 *
 * @param k Symmetric, float64, [m, m]; consumed.
 *
 * Source: Goodnight, "A Tutorial on the SWEEP Operator", The American Statistician 33, 1979.
 */
export function invertPositive(k: np.Array): np.Array {
  const m = k.shape[0]!;
  const eye = np.eye(m).astype(DType.Float64);
  const diagonal = k.ref.mul(eye.ref).sum(1, { keepdims: true });
  const positive = diagonal.ref.greater(0);
  const safe = np.where(positive.ref, diagonal, float64(1));
  const inverseRoot = np.where(positive.ref, np.reciprocal(np.sqrt(safe)), float64(0));
  const scale = inverseRoot.ref.mul(inverseRoot.transpose());
  const scaled = k.mul(scale.ref).add(eye.ref.mul(np.where(positive, float64(0), float64(1))));
  let swept = scaled.ref.add(eye.ref.mul(float64(RIDGE)));
  for (let i = 0; i < m; i++) {
    const pivot = swept.ref.slice(i, i);
    const unit = eye.ref.slice([], [i, i + 1]);
    const shifted = swept.ref.slice([], [i, i + 1]).sub(unit.ref);
    const update = shifted.ref.mul(shifted.transpose().div(pivot));
    swept = swept.sub(update).sub(unit.ref.mul(unit.transpose()).mul(float64(2)));
  }
  eye.dispose();
  // One step of Newton's iteration, X <- 2 X - X K X, takes the ridge out wherever there is rank; here X = -swept.
  const correction = np.matmul(swept.ref, np.matmul(scaled, swept.ref));
  return swept.mul(float64(-2)).sub(correction).mul(scale);
}

/**
 * The solution x of S x = b for a symmetric positive definite S, by elimination and back substitution. S is first scaled
 * to a unit diagonal; a pivot that is then below 1e-14 is taken for 1e-14, which bounds x where S is singular in float64.
 *
 * (Eliminating upwards too, which would save the substitution, leaves a residual that grows with S's condition.)
 *
 * @param s Float64, [m, m], of positive diagonal; consumed.
 * @param b Float64, [m]; consumed.
 */
export function solvePositive(s: np.Array, b: np.Array): np.Array {
  const m = b.shape[0]!;
  const eye = np.eye(m).astype(DType.Float64);
  const scale = np.reciprocal(np.sqrt(s.ref.mul(eye).sum(1, { keepdims: true })));
  const unit = s.mul(scale.ref).mul(scale.ref.transpose());
  // What is left of the system after every elimination, the right side as its last column.
  let rest = np.concatenate([unit, b.reshape([m, 1]).mul(scale.ref)], 1);
  const rows: np.Array[] = [];
  for (let left = m; left > 0; left--) {
    const pivot = np.maximum(rest.ref.slice([0, 1], [0, 1]), float64(LEAST_PIVOT));
    const row = rest.ref.slice([0, 1], [1, left + 1]).div(pivot);
    rows.push(row.ref);
    const below = left > 1 ? rest.ref.slice([1, left]) : undefined;
    rest.dispose();
    if (below === undefined) row.dispose();
    else rest = below.ref.slice([], [1, left + 1]).sub(below.slice([], [0, 1]).mul(row));
  }
  const solution = rows.reduceRight<np.Array | undefined>((known, row) => {
    const count = row.shape[1]! - 1;
    if (known === undefined) return row;
    const coefficients = row.ref.slice([], [0, count]);
    const x = row.slice([], [count, count + 1]).sub(coefficients.mul(known.ref).sum(1, { keepdims: true }));
    return np.concatenate([x, known], 1);
  }, undefined);
  return solution!.mul(scale.transpose()).reshape([m]);
}
