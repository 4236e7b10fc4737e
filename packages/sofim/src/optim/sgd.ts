import { InvalidArgumentError } from "../core/errors.js";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { chain } from "./chain.js";
import type { Hyperparameter, ScalarOrSchedule } from "./hyperparameter.js";
import { scaleByLearningRate } from "./scale-by-learning-rate.js";
import { trace } from "./trace.js";
import type { GradientTransformation } from "./transformation.js";

/** Options of `sgd`. */
export interface SgdOptions {
  /** Step size, finite and >= 0, or a schedule. Required. */
  readonly learningRate: ScalarOrSchedule;
  /** Share of the buffer kept at each step, in [0, 1). Left out: no momentum and no buffer. */
  readonly momentum?: Hyperparameter;
  /** Nesterov's momentum. Default false. */
  readonly nesterov?: boolean;
}

const optionNames: OptionNames<SgdOptions> = {
  learningRate: "required",
  momentum: "optional",
  nesterov: "optional",
};

/**
 * Stochastic gradient descent:
 *
 *     buffer <- momentum buffer + g           params - learningRate buffer
 *
 * or params - learningRate (g + momentum buffer) with `nesterov`, as in PyTorch without dampening.
 *
 * @param options See `SgdOptions`.
 * @returns The transformation; one buffer per weight with momentum, none without.
 * @throws InvalidArgumentError for an option that is unknown or out of range, or for `nesterov` without momentum.
 *
 * @example
 * ```ts
 * import { sgd } from "sofim";
 *
 * const optimizer = sgd({ learningRate: 0.03, momentum: 0.9, nesterov: true });
 * if (typeof optimizer.update !== "function") throw new Error("not a transformation");
 * ```
 *
 * Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning",
 * ICML 2013.
 */
export function sgd(options: SgdOptions): GradientTransformation {
  const { learningRate, momentum, nesterov = false } = checkOptionNames(options, optionNames);
  if (nesterov && momentum === undefined) {
    throw new InvalidArgumentError("momentum", momentum, "a number in [0, 1) where nesterov is true");
  }
  const descent = scaleByLearningRate(learningRate);
  return momentum === undefined ? chain(descent) : chain(trace({ decay: momentum, nesterov }), descent);
}
