import { numpy as np, tree } from "@jax-js/jax";
import { randomSigned } from "../core/helpers.js";
import { array } from "./jax.js";

export type QuarticParams = { kernel: np.Array; dense: { w: np.Array; b: np.Array }; scale: np.Array };

const SHAPES = [[2, 1, 2, 2], [2, 2], [2], []] as const;
/** Where the leaves begin and end in the flattened vector. */
export const ranges: readonly (readonly [number, number])[] = SHAPES.map((shape, i) => {
  const size = (s: readonly number[]) => s.reduce((a, b) => a * b, 1);
  const start = SHAPES.slice(0, i).reduce((sum, s) => sum + size(s), 0);
  return [start, start + size(shape)];
});
export const size = ranges.at(-1)![1];

/**
 * f(w) = w'Aw / 2 + sum(w^4) / 4 - b'w with a full symmetric A: gradient and Hessian are known in closed form, and the
 * Hessian changes from step to step. `shift` is added to the diagonal of A: 0 leaves it indefinite, 6 makes it convex.
 */
export function quartic(seed: number, shift: number) {
  const random = randomSigned(seed);
  const half = Array.from({ length: size }, () => Array.from({ length: size }, random));
  const a = half.map((row, i) => row.map((x, j) => (x + half[j]![i]!) / 2 + (i === j ? shift : 0)));
  const b = Array.from({ length: size }, random);
  const start = Array.from({ length: size }, random);
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
  return {
    /** The starting point as a tree. */
    params(dtype: np.DType): QuarticParams {
      const leaf = (i: number) => array(start.slice(...ranges[i]!), [...SHAPES[i]!], dtype);
      return { kernel: leaf(0), dense: { w: leaf(1), b: leaf(2) }, scale: leaf(3) };
    },
    loss(params: QuarticParams): np.Array {
      const w = np.concatenate(tree.leaves<np.Array>(params).map((x) => x.reshape([-1])));
      const { dtype } = w;
      const matrix = array(a.flat(), [size, size], dtype);
      const quadratic = np.dot(w.ref, np.dot(matrix, w.ref)).mul(0.5);
      const quarter = np.array(0.25, { dtype });
      return quadratic
        .add(np.square(np.square(w.ref)).sum().mul(quarter))
        .sub(np.dot(array(b, [size], dtype), w));
    },
    start,
    gradient: (w: readonly number[]) => w.map((x, i) => dot(a[i]!, w) + x ** 3 - b[i]!),
    hessian: (w: readonly number[]) =>
      a.map((row, i) => row.map((x, j) => (i === j ? x + 3 * w[i]! ** 2 : x))),
  };
}
