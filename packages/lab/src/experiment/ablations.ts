import { DType, numpy as np, tree } from "@jax-js/jax";
import {
  chain,
  clipByGlobalNorm,
  type GradientTransformation,
  injectHyperparams,
  type OptState,
  scaleByLearningRate,
  sgd,
} from "sofim";
import { define, schedule } from "../workloads/optimizer-definition.js";

/*
 * Methods that leave out or replace a part of SOFIM, to see what each part is worth. They exist for the comparison
 * alone: no workload has options for them.
 */

const learningRate = { kind: "number", default: 0.1, help: "step size at the start" } as const;
const beta = { kind: "number", default: 0.9, help: "decay of the first moment" } as const;

/** A step along SOFIM's moment, without its Fisher matrix: learningRate Mh. */
export const momentOnly = define("moment without FIM", { learningRate, schedule, beta }, (options) =>
  injectHyperparams(stepAlongMoment("as it is"))(options),
);

/** A step of one length along SOFIM's moment: learningRate Mh / |Mh|. */
export const normalizedMoment = define("normalized moment", { learningRate, schedule, beta }, (options) =>
  injectHyperparams(stepAlongMoment("unit"))(options),
);

/** SGD with momentum on gradients that are never longer than maxNorm. */
export const clippedSgd = define(
  "SGD with momentum, clipped",
  {
    learningRate,
    schedule,
    momentum: { kind: "number", default: 0.9, help: "share of the last step that is kept" },
    maxNorm: { kind: "number", default: 1, help: "longest gradient, over all weights" },
  },
  (options) =>
    injectHyperparams(({ maxNorm, ...rest }: typeof options) => chain(clipByGlobalNorm(maxNorm), sgd(rest)))(
      options,
    ),
);

interface MomentOptions {
  readonly learningRate: number;
  readonly beta: number;
}

interface MomentState {
  readonly mu: OptState;
  readonly weight: np.Array;
}

function stepAlongMoment(length: "as it is" | "unit") {
  return ({ learningRate, beta }: MomentOptions): GradientTransformation =>
    chain(scaleByMoment(beta, length), scaleByLearningRate(learningRate));
}

/** Replaces gradients by their bias-corrected moving average Mh, or by Mh / |Mh|. */
function scaleByMoment(beta: number | np.Array, length: "as it is" | "unit"): GradientTransformation {
  const decay = () => (typeof beta === "number" ? np.array(beta, { dtype: DType.Float32 }) : beta.ref);
  const mix = (average: np.Array, value: np.Array) =>
    average.mul(decay()).add(value.mul(np.subtract(1, decay())));
  return {
    init(params) {
      const mu = tree.map((x: np.Array) => np.zerosLike(x), params as OptState);
      return { mu, weight: np.array(0, { dtype: DType.Float32 }) };
    },
    update(updates, state, params) {
      tree.dispose(params);
      const { mu, weight: lastWeight } = state as unknown as MomentState;
      const [gradients, structure] = tree.flatten<np.Array>(updates);
      const old = tree.leaves<np.Array>(mu);
      const moments = gradients.map((g, i) => mix(old[i]!, g));
      const weight = mix(lastWeight, np.array(1, { dtype: DType.Float32 }));
      const divisor = length === "unit" ? norm(moments) : weight.ref;
      const steps = moments.map((m) => m.ref.div(divisor.ref));
      divisor.dispose();
      return [
        tree.unflatten(structure, steps) as typeof updates,
        { mu: tree.unflatten(structure, moments), weight },
      ];
    },
  };
}

function norm(leaves: readonly np.Array[]): np.Array {
  return np.sqrt(leaves.map((x) => np.square(x.ref).sum()).reduce((sum, squares) => sum.add(squares)));
}
