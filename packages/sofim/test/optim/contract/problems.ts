import { nn, numpy as np } from "@jax-js/jax";
import type { ArrayTree } from "../../../src/optim/index.js";
import { array } from "../jax.js";
import { CLASSES, FEATURES, L2, leastValue, logistic, rosenbrock, samples } from "./plain-problems.js";

export interface Problem {
  readonly makeParams: (dtype?: np.DType) => ArrayTree;
  readonly loss: (params: ArrayTree) => np.Array;
  /** A regularization that suits its gradients, in their squared units. */
  readonly rho: number;
  /** Steps in which an optimizer must have solved it. */
  readonly steps: number;
  /** Whether parameters, in leaf order, are near enough to the optimum. */
  readonly isSolved: (params: readonly number[]) => boolean;
}

export type Params = { dense: { w: np.Array; b: np.Array }; scale: np.Array[]; none: np.Array };

/** A matrix, a vector, scalars and an empty array. */
export function makeParams(dtype: np.DType = np.float32): Params {
  return {
    dense: { w: array([0.5, -1, 2, 0, 1, -0.5], [2, 3], dtype), b: array([1, 0], [2], dtype) },
    scale: [np.array(0.5, { dtype }), np.array(-2, { dtype })],
    none: np.zeros([0, 3], { dtype }),
  };
}

/** Half the squared distance to 1, weighted unequally. */
export function quadraticLoss(p: Params): np.Array {
  const squares = [p.dense.w, p.dense.b, p.scale[0]!, p.scale[1]!].map((x, i) =>
    np.sum(np.square(x.sub(1))).mul(0.5 + 0.25 * i),
  );
  p.none.dispose();
  return squares.reduce((a, b) => a.add(b));
}

function rosenbrockLoss({ w }: { w: np.Array }): np.Array {
  const [x, y] = [w.ref.slice(0), w.slice(1)];
  const valley = np.square(y.sub(np.square(x.ref)));
  return np.square(x.sub(1)).add(valley.mul(100));
}

function logisticLoss({ bias, weight }: { bias: np.Array; weight: np.Array }): np.Array {
  const { dtype } = weight;
  const penalty = np
    .square(weight.ref)
    .sum()
    .mul(L2 / 2);
  const x = array(
    samples.flatMap((sample) => sample.x),
    [samples.length, FEATURES],
    dtype,
  );
  const labels = np.array(
    samples.map(({ label }) => label),
    { dtype: np.int32 },
  );
  const scores = nn.logSoftmax(np.matmul(x, weight).add(bias), -1);
  const likelihood = scores.mul(nn.oneHot(labels, CLASSES).astype(dtype)).sum();
  return penalty.sub(likelihood.mul(1 / samples.length));
}

const bestLogistic = await leastValue(logistic);

export const problems = {
  quadratic: {
    makeParams,
    loss: quadraticLoss as unknown as Problem["loss"],
    rho: 0.5,
    steps: 400,
    isSolved: (params) => Math.hypot(...params.map((x) => x - 1)) < 1e-2,
  },
  rosenbrock: {
    makeParams: (dtype = np.float32) => ({ w: array(rosenbrock.start, [2], dtype) }),
    loss: rosenbrockLoss as unknown as Problem["loss"],
    rho: 100,
    steps: 8000,
    isSolved: (params) => Math.hypot(...params.map((x) => x - 1)) < 1e-2,
  },
  logistic: {
    makeParams: (dtype = np.float32) => ({
      bias: array(logistic.start.slice(0, CLASSES), [CLASSES], dtype),
      weight: array(logistic.start.slice(CLASSES), [FEATURES, CLASSES], dtype),
    }),
    loss: logisticLoss as unknown as Problem["loss"],
    rho: 0.5,
    steps: 400,
    isSolved: (params) => logistic.evaluate(params).value / bestLogistic - 1 < 1e-4,
  },
} as const satisfies Record<string, Problem>;

export type ProblemName = keyof typeof problems;
export const problemNames = Object.keys(problems) as ProblemName[];
