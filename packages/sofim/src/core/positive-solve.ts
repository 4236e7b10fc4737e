// The least pivot of a matrix with unit diagonal: below it a row is a combination of others, up to rounding.
const LEAST_PIVOT = 1e-14;

/**
 * Solves S x = b in place, for a symmetric positive definite S with unit diagonal, by S = L D L'. A pivot below 1e-14 is
 * taken for 1e-14, which bounds x where S is singular in float64.
 *
 * @param s The lower triangle of S in rows of `size`; on return that of L, with D on the diagonal.
 * @param b The first `size` elements; on return x.
 */
export function solvePositive(s: Float64Array, b: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const row = i * size;
    let pivot = s[row + i]!;
    for (let j = 0; j < i; j++) {
      let sum = s[row + j]!;
      for (let k = 0; k < j; k++) sum -= s[row + k]! * s[j * size + k]!;
      // Row i holds L D up to here, as the sums want it, and L from here on.
      s[row + j] = sum;
    }
    for (let j = 0; j < i; j++) {
      const scaled = s[row + j]!;
      s[row + j] = scaled / s[j * size + j]!;
      pivot -= scaled * s[row + j]!;
      b[i]! -= s[row + j]! * b[j]!;
    }
    s[row + i] = Math.max(pivot, LEAST_PIVOT);
  }
  for (let i = size - 1; i >= 0; i--) {
    b[i]! /= s[i * size + i]!;
    for (let k = i + 1; k < size; k++) b[i]! -= s[k * size + i]! * b[k]!;
  }
}
