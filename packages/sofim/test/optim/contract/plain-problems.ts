import { minimizeLbfgs } from "../../../src/core/index.js";
import { randomSigned } from "../../core/random-signed.js";

/** A function in plain float64, and its least value. */
export interface PlainProblem {
  readonly start: readonly number[];
  readonly evaluate: (w: ArrayLike<number>) => { value: number; gradient: number[] };
}

/** (1 - x)^2 + 100 (y - x^2)^2, whose minimum is 0 at (1, 1). */
export const rosenbrock: PlainProblem = {
  start: [-1.2, 1],
  evaluate(w) {
    const [x, y] = [w[0]!, w[1]!];
    return {
      value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
      gradient: [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)],
    };
  },
};

export const FEATURES = 4;
export const CLASSES = 3;
export const L2 = 0.05;
const SAMPLES = 30;
const draw = randomSigned(21);
/** Three overlapping clouds of points, and which of them each is from. */
export const samples: readonly { readonly x: readonly number[]; readonly label: number }[] = Array.from(
  { length: SAMPLES },
  (_, i) => {
    const label = i % CLASSES;
    return {
      label,
      x: Array.from({ length: FEATURES }, (_, j) => Math.fround(draw() + (j === label ? 1 : 0))),
    };
  },
);

/**
 * Mean cross-entropy of softmax(bias + x weight) plus L2 / 2 |weight|^2 at w = [bias, weight by rows]. Strictly convex
 * but for a number added to all biases, along which gradients are zero.
 */
export const logistic: PlainProblem = {
  start: Array.from({ length: CLASSES * (FEATURES + 1) }, () => Math.fround(draw())),
  evaluate(w) {
    const gradient = Array.from(w, (v, k) => (k < CLASSES ? 0 : L2 * v));
    let value = Array.from(w).reduce((sum, v, k) => sum + (k < CLASSES ? 0 : (L2 / 2) * v * v), 0);
    for (const { x, label } of samples) {
      const logits = Array.from({ length: CLASSES }, (_, c) =>
        x.reduce((sum, xj, j) => sum + xj * w[CLASSES * (j + 1) + c]!, w[c]!),
      );
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
      value += (Math.log(total) - logits[label]!) / SAMPLES;
      for (const [c, z] of logits.entries()) {
        const error = (Math.exp(z) / total - (c === label ? 1 : 0)) / SAMPLES;
        gradient[c]! += error;
        for (const [j, xj] of x.entries()) gradient[CLASSES * (j + 1) + c]! += error * xj;
      }
    }
    return { value, gradient };
  },
};

/** The least value of a problem, by the library's own L-BFGS in float64. */
export async function leastValue({ start, evaluate }: PlainProblem): Promise<number> {
  const { status, value } = await minimizeLbfgs(evaluate, Float64Array.from(start), {
    gradientTolerance: 1e-10,
  });
  if (status !== "converged") throw new Error(`L-BFGS ended with ${status}`);
  return value;
}
