import { DType, type numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { cast } from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import type { Schedule } from "./schedules.js";
import { type GradientTransformation, readState } from "./transformation.js";
import { zeroScalar } from "./zeros.js";

/**
 * Multiplies updates by a value that depends on the step: update = schedule(count) update, with count 0 at the first.
 *
 * State: `{ count }`, an int32 scalar.
 *
 * @param schedule See `Schedule`; `constantSchedule` and the others make one.
 * @returns The transformation. `update` does not use the parameters.
 * @throws InvalidArgumentError if `schedule` is not a function.
 */
export function scaleBySchedule(schedule: Schedule): GradientTransformation {
  if (typeof schedule !== "function")
    throw new InvalidArgumentError("schedule", schedule, "a function of the count");
  return {
    init(params) {
      tree.dispose(params);
      return { count: zeroScalar(DType.Int32) };
    },
    update(updates, state, params) {
      const { count } = readState<{ count: np.Array }>("scaleBySchedule", state, ["count"]);
      tree.dispose(params);
      const factor = schedule(count.ref);
      const scaled = mapLeaves(updates, (u) => u.mul(cast(factor.ref, u.dtype)));
      factor.dispose();
      return [scaled, { count: count.add(1) }];
    },
  };
}
