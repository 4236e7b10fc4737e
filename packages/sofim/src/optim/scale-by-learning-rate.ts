import { type DType, type numpy as np, tree } from "@jax-js/jax";
import { checkNonNegative } from "../core/options.js";
import {
  checkScalarOrSchedule,
  type Hyperparameter,
  operand,
  type ScalarOrSchedule,
} from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import { scaleBySchedule } from "./scale-by-schedule.js";
import { emptyState, type GradientTransformation } from "./transformation.js";

/**
 * Turns directions into steps downhill: update = -learningRate update.
 *
 * State: none, or `{ count }` for a schedule.
 *
 * @param learningRate Finite and >= 0; a scalar array; or a schedule.
 * @returns The transformation. `update` does not use the parameters.
 * @throws InvalidArgumentError for a number out of range.
 */
export function scaleByLearningRate(learningRate: ScalarOrSchedule): GradientTransformation {
  const rate = checkScalarOrSchedule("learningRate", learningRate, checkNonNegative);
  if (typeof rate === "function") return scaleBySchedule((count) => rate(count).neg());
  return {
    init: emptyState,
    update(updates, state, params) {
      tree.dispose(params);
      const scaled = mapLeaves(updates, (u) => u.mul(negated(rate, u.dtype)));
      return [scaled, state];
    },
  };
}

/** -rate as an operand: negating the scalar costs no pass over the updates. */
function negated(rate: Hyperparameter, dtype: DType): np.Array {
  return typeof rate === "number" ? operand(-rate, dtype) : operand(rate, dtype).neg();
}
