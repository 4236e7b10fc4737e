import { type numpy as np, tree } from "@jax-js/jax";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { checkDecayRate } from "../core/options.js";
import { checkHyperparameter, type Hyperparameter, operand } from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import { type ArrayTree, type GradientTransformation, readState } from "./transformation.js";
import { checkSameTree } from "./tree.js";
import { zerosLikeTree } from "./zeros.js";

/** Options of `trace`. */
export interface TraceOptions {
  /** Share of the buffer kept at each step, in [0, 1). */
  readonly decay: Hyperparameter;
  /** Look ahead by one step of the buffer. Default false. */
  readonly nesterov?: boolean;
}

const optionNames: OptionNames<TraceOptions> = { decay: "required", nesterov: "optional" };

/**
 * Sums updates with exponential decay, the momentum of SGD:
 *
 *     buffer <- decay buffer + g           update = buffer, or g + decay buffer with `nesterov`
 *
 * As in PyTorch without dampening: the buffer of a constant gradient tends to g / (1 - decay).
 *
 * State: `{ trace }`, one buffer per weight.
 *
 * @param options See `TraceOptions`.
 * @returns The transformation. `update` does not use the parameters.
 * @throws InvalidArgumentError for an option that is unknown or out of range; TreeMismatchError from `update` for
 * gradients that differ from the parameters given to `init`.
 */
export function trace(options: TraceOptions): GradientTransformation {
  const { decay, nesterov = false } = checkOptionNames(options, optionNames);
  const kept = checkHyperparameter("decay", decay, checkDecayRate);
  return {
    init: (params) => ({ trace: zerosLikeTree(params) }),
    update(updates, state, params) {
      const { trace: buffers } = readState<{ trace: ArrayTree }>("trace", state, ["trace"]);
      checkSameTree("gradients", updates, "params", buffers);
      tree.dispose(params);
      const gradients = tree.leaves<np.Array>(updates);
      const next = mapLeaves(buffers, (b, i) => b.mul(operand(kept, b.dtype)).add(gradients[i]!.ref));
      if (!nesterov) {
        tree.dispose(gradients);
        return [tree.ref(next) as typeof updates, { trace: next }];
      }
      const ahead = tree.leaves<np.Array>(tree.ref(next));
      return [mapLeaves(updates, (g, i) => ahead[i]!.mul(operand(kept, g.dtype)).add(g)), { trace: next }];
    },
  };
}
