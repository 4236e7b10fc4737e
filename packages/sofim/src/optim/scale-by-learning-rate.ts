import { DType, type numpy as np, tree } from "@jax-js/jax";
import { checkNonNegative } from "../core/options.js";
import {
  cast,
  checkScalarOrSchedule,
  type Hyperparameter,
  operand,
  type ScalarOrSchedule,
} from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import type { Schedule } from "./schedules.js";
import { emptyState, type GradientTransformation, readState } from "./transformation.js";
import { zeroScalar } from "./zeros.js";

/**
 * Turns directions into steps downhill: update = -learningRate update.
 *
 * State: none, or `{ count, learningRate }` for a schedule: the steps taken, and the rate of the last one, for logs.
 *
 * @param learningRate Finite and >= 0; a scalar array; or a schedule.
 * @returns The transformation. `update` does not use the parameters.
 * @throws InvalidArgumentError for a number out of range.
 */
export function scaleByLearningRate(learningRate: ScalarOrSchedule): GradientTransformation {
  const rate = checkScalarOrSchedule("learningRate", learningRate, checkNonNegative);
  if (typeof rate === "function") return scaleByScheduledRate(rate);
  return {
    init: emptyState,
    update(updates, state, params) {
      tree.dispose(params);
      const scaled = mapLeaves(updates, (u) => u.mul(negated(rate, u.dtype)));
      return [scaled, state];
    },
  };
}

function scaleByScheduledRate(schedule: Schedule): GradientTransformation {
  const rateAt = (count: np.Array) => cast(schedule(count), DType.Float32);
  return {
    init(params) {
      tree.dispose(params);
      const count = zeroScalar(DType.Int32);
      return { count, learningRate: rateAt(count.ref) };
    },
    update(updates, state, params) {
      const last = readState<{ count: np.Array; learningRate: np.Array }>("scaleByLearningRate", state, [
        "count",
        "learningRate",
      ]);
      tree.dispose(params);
      last.learningRate.dispose();
      const learningRate = rateAt(last.count.ref);
      const scaled = mapLeaves(updates, (u) => u.mul(negated(learningRate, u.dtype)));
      return [scaled, { count: last.count.add(1), learningRate }];
    },
  };
}

/** -rate as an operand: negating the scalar costs no pass over the updates. */
export function negated(rate: Hyperparameter, dtype: DType): np.Array {
  return typeof rate === "number" ? operand(-rate, dtype) : operand(rate, dtype).neg();
}
