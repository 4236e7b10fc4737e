import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { type AdamOptions, adamOptionNames } from "./adam.js";
import { addDecayedWeights, type DecayMask, decayOptionNames } from "./add-decayed-weights.js";
import { chain } from "./chain.js";
import type { Hyperparameter } from "./hyperparameter.js";
import { adamDefaults, scaleByAdam } from "./scale-by-adam.js";
import { scaleByLearningRate } from "./scale-by-learning-rate.js";
import type { GradientTransformation } from "./transformation.js";

/** Options of `adamw`. */
export interface AdamWOptions extends AdamOptions {
  /** Decoupled weight decay, finite and >= 0. Default 0.01. */
  readonly weightDecay?: Hyperparameter;
  /** Which leaves decay. Default: all. */
  readonly mask?: DecayMask;
}

const optionNames: OptionNames<AdamWOptions> = { ...adamOptionNames, ...decayOptionNames };

/**
 * Adam with decoupled weight decay: params - learningRate (mh / (sqrt(vh) + eps) + weightDecay params).
 *
 * @param options See `AdamWOptions`.
 * @returns The transformation; two buffers per weight. `update` needs the parameters.
 * @throws InvalidArgumentError for an option that is unknown or out of range.
 *
 * @example
 * ```ts
 * import { adamw } from "sofim";
 *
 * const optimizer = adamw({ learningRate: 0.003, weightDecay: 0.05, mask: (_path, shape) => shape.length > 1 });
 * if (typeof optimizer.update !== "function") throw new Error("not a transformation");
 * ```
 *
 * Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2.
 */
export function adamw(options: AdamWOptions = {}): GradientTransformation {
  const { learningRate, weightDecay = 0.01, mask, ...moments } = checkOptionNames(options, optionNames);
  return chain(
    scaleByAdam(moments),
    addDecayedWeights({ weightDecay, ...(mask && { mask }) }),
    scaleByLearningRate(learningRate ?? adamDefaults.learningRate),
  );
}
