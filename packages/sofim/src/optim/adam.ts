import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { chain } from "./chain.js";
import type { ScalarOrSchedule } from "./hyperparameter.js";
import {
  adamDefaults,
  type ScaleByAdamOptions,
  scaleByAdam,
  scaleByAdamOptionNames,
} from "./scale-by-adam.js";
import { scaleByLearningRate } from "./scale-by-learning-rate.js";
import type { GradientTransformation } from "./transformation.js";

/** Options of `adam`. */
export interface AdamOptions extends ScaleByAdamOptions {
  /** Step size, finite and >= 0, or a schedule. Default 0.001. */
  readonly learningRate?: ScalarOrSchedule;
}

/** The options' names, for `checkOptionNames`. */
export const adamOptionNames: OptionNames<AdamOptions> = {
  learningRate: "optional",
  ...scaleByAdamOptionNames,
};

/**
 * Adam: params - learningRate mh / (sqrt(vh) + eps). See `scaleByAdam` for the moments.
 *
 * @param options See `AdamOptions`.
 * @returns The transformation; two buffers per weight.
 * @throws InvalidArgumentError for an option that is unknown or out of range.
 *
 * @example
 * ```ts
 * import { adam } from "sofim";
 *
 * const optimizer = adam({ learningRate: 0.003 });
 * if (typeof optimizer.update !== "function") throw new Error("not a transformation");
 * ```
 *
 * Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
 */
export function adam(options: AdamOptions = {}): GradientTransformation {
  const { learningRate, ...moments } = checkOptionNames(options, adamOptionNames);
  return chain(scaleByAdam(moments), scaleByLearningRate(learningRate ?? adamDefaults.learningRate));
}
