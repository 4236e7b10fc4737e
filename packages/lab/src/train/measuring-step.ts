import type { numpy as np } from "@jax-js/jax";
import { type GradientTransformation, type OptState, trainingStep } from "sofim";
import {
  type AnyModel,
  isNormalized,
  type ModelParams,
  moveStatistics,
  type Statistics,
} from "../models/index.js";
import { makeMeasuringObjective } from "./objective.js";

/** One step of `optimizer` on the model's objective, which also moves the running statistics by those of the batch. */
export function makeMeasuringStep(
  model: AnyModel,
  l2: number,
  optimizer: GradientTransformation,
  refreshCurvature: boolean,
) {
  const objective = makeMeasuringObjective(model, l2);
  const step = trainingStep(objective, optimizer, { refreshCurvature, hasAux: true });
  return (
    params: ModelParams,
    state: OptState,
    running: Statistics,
    images: np.Array,
    labels: np.Array,
  ): [loss: np.Array, params: ModelParams, state: OptState, running: Statistics] => {
    const [loss, nextParams, nextState, measured] = step(params, state, images, labels);
    return [loss, nextParams, nextState, moveStatistics(running, measured)];
  };
}

/** The running statistics before training; empty for a model that normalizes nothing. */
export function initStatistics(model: AnyModel): Statistics {
  return isNormalized(model) ? model.initStatistics() : {};
}
