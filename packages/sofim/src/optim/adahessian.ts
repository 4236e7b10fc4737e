import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { addDecayedWeights, type DecayMask, decayOptionNames } from "./add-decayed-weights.js";
import { chain } from "./chain.js";
import type { Hyperparameter, ScalarOrSchedule } from "./hyperparameter.js";
import {
  adahessianDefaults,
  type ScaleByAdahessianOptions,
  scaleByAdahessian,
  scaleByAdahessianOptionNames,
} from "./scale-by-adahessian.js";
import { scaleByLearningRate } from "./scale-by-learning-rate.js";
import type { GradientTransformation } from "./transformation.js";

/** Options of `adahessian`. */
export interface AdahessianOptions extends ScaleByAdahessianOptions {
  /** Step size, finite and >= 0, or a schedule. Default 0.15. */
  readonly learningRate?: ScalarOrSchedule;
  /** Decoupled weight decay, finite and >= 0. Default 0. */
  readonly weightDecay?: Hyperparameter;
  /** Which leaves decay. Default: all. */
  readonly mask?: DecayMask;
}

const optionNames: OptionNames<AdahessianOptions> = {
  learningRate: "optional",
  ...scaleByAdahessianOptionNames,
  ...decayOptionNames,
};

/**
 * AdaHessian with decoupled weight decay:
 *
 *     params - learningRate (mh / (sqrt(vh)^hessianPower + eps) + weightDecay params)
 *
 * where v averages the squares of a random estimate of the Hessian's diagonal. See `scaleByAdahessian`.
 *
 * Time: one Hessian-vector product per step on top of the gradient, one to two gradients more.
 *
 * @param options See `AdahessianOptions`.
 * @returns The transformation; two buffers per weight. `update` needs `extra.hessianVectorProduct`, which `trainingStep`
 * provides, and the parameters if weights decay.
 * @throws InvalidArgumentError for an option that is unknown or out of range.
 *
 * @example
 * ```ts
 * import { adahessian, trainingStep } from "sofim";
 * import type { numpy as np } from "@jax-js/jax";
 *
 * const loss = (w: np.Array) => w.ref.mul(w).sum();
 * const step = trainingStep(loss, adahessian({ learningRate: 0.1, weightDecay: 1e-4 }));
 * if (typeof step !== "function") throw new Error("not a step");
 * ```
 *
 * Source: Yao et al., "AdaHessian: An Adaptive Second Order Optimizer for Machine Learning", AAAI 2021.
 */
export function adahessian(options: AdahessianOptions = {}): GradientTransformation {
  const {
    learningRate,
    weightDecay = adahessianDefaults.weightDecay,
    mask,
    ...direction
  } = checkOptionNames(options, optionNames);
  return chain(
    scaleByAdahessian(direction),
    addDecayedWeights({ weightDecay, ...(mask && { mask }) }),
    scaleByLearningRate(learningRate ?? adahessianDefaults.learningRate),
  );
}
