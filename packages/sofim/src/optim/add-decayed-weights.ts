import { type numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { checkNonNegative } from "../core/options.js";
import { checkHyperparameter, type Hyperparameter, operand } from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import { emptyState, type GradientTransformation } from "./transformation.js";
import { checkSameTree, type LeafPath, leafPaths } from "./tree.js";

/** Says by a leaf's place and shape whether its weights decay. */
export type DecayMask = (path: LeafPath, shape: readonly number[]) => boolean;

/** Options of `addDecayedWeights`. */
export interface AddDecayedWeightsOptions {
  /** Decay lambda, finite and >= 0. */
  readonly weightDecay: Hyperparameter;
  /** Which leaves decay. Default: all. */
  readonly mask?: DecayMask;
}

/** Those of optimizers with decay, where both may be left out. */
export const decayOptionNames = { weightDecay: "optional", mask: "optional" } as const;

const optionNames: OptionNames<AddDecayedWeightsOptions> = { ...decayOptionNames, weightDecay: "required" };

/**
 * Adds decay to the updates: update + weightDecay param, for the leaves that the mask lets through.
 *
 * Before `scaleByLearningRate` this is decoupled weight decay as in AdamW: the weights shrink by the factor
 * 1 - learningRate weightDecay.
 *
 * State: none.
 *
 * @param options See `AddDecayedWeightsOptions`.
 * @returns The transformation. `update` needs the parameters, unless `weightDecay` is the number 0.
 * @throws InvalidArgumentError for an option that is unknown or out of range, or from `update` without parameters.
 *
 * @example
 * ```ts
 * import { addDecayedWeights } from "sofim";
 *
 * // Matrices and kernels decay, biases and scales do not.
 * const decay = addDecayedWeights({ weightDecay: 1e-4, mask: (_path, shape) => shape.length > 1 });
 * if (typeof decay.update !== "function") throw new Error("not a transformation");
 * ```
 */
export function addDecayedWeights(options: AddDecayedWeightsOptions): GradientTransformation {
  const { weightDecay, mask } = checkOptionNames(options, optionNames);
  const decay = checkHyperparameter("weightDecay", weightDecay, checkNonNegative);
  if (mask !== undefined && typeof mask !== "function") {
    throw new InvalidArgumentError("mask", mask, "a function from path and shape to boolean");
  }
  return {
    init: emptyState,
    update(updates, state, params) {
      if (decay === 0) {
        tree.dispose(params);
        return [updates, state];
      }
      if (params === undefined) {
        throw new InvalidArgumentError("params", params, "the parameters, as weight decay needs them");
      }
      checkSameTree("updates", updates, "params", params);
      const weights = tree.leaves<np.Array>(params);
      const paths = mask === undefined ? undefined : leafPaths(params);
      const decayed = mapLeaves(updates, (u, i) => {
        const w = weights[i]!;
        if (mask === undefined || mask(paths![i]!, w.shape)) return u.add(w.mul(operand(decay, w.dtype)));
        w.dispose();
        return u;
      });
      return [decayed, state];
    },
  };
}
