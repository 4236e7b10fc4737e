import { nn, numpy as np, tree } from "@jax-js/jax";
import { type AnyModel, isNormalized, type ModelParams, type Statistics } from "../models/index.js";

/** What a training step minimizes: a scalar of the parameters and one batch. Consumes its arguments. */
export type Objective = (params: ModelParams, images: np.Array, labels: np.Array) => np.Array;

/**
 * Mean softmax cross-entropy: the mean of -log softmax(logits)[label] over the batch.
 *
 * @param logits - [batch, classes], consumed
 * @param labels - [batch], int32, 0 to classes - 1, consumed
 */
export function crossEntropy(logits: np.Array, labels: np.Array): np.Array {
  const [batch, classes] = logits.shape as [number, number];
  // Comparing with every class instead of gathering keeps the gradient a plain selection.
  const isLabel = labels.reshape([batch, 1]).equal(np.arange(classes));
  return np
    .where(isLabel, nn.logSoftmax(logits), 0)
    .sum()
    .mul(-1 / batch);
}

/**
 * Cross-entropy of `model` plus `l2 / 2` times the squared norm of its weights (biases and scales are free). Batch
 * normalization takes the statistics of the batch.
 */
export function makeObjective(model: AnyModel, l2: number): Objective {
  const measuring = makeMeasuringObjective(model, l2);
  return (params, images, labels) => {
    const [value, measured] = measuring(params, images, labels);
    tree.dispose(measured);
    return value;
  };
}

/** The objective, and what the batch's normalization measured (nothing where the model has none). */
export function makeMeasuringObjective(
  model: AnyModel,
  l2: number,
): (...args: Parameters<Objective>) => [value: np.Array, measured: Statistics] {
  return (params, images, labels) => {
    const penalty = l2 === 0 ? undefined : penalize(params, l2);
    const [logits, measured]: [np.Array, Statistics] = isNormalized(model)
      ? model.applyTraining(params, images)
      : [model.apply(params, images), {}];
    const loss = crossEntropy(logits, labels);
    return [penalty === undefined ? loss : loss.add(penalty), measured];
  };
}

function penalize(params: ModelParams, l2: number): np.Array {
  return Object.values(params)
    .map(({ weight }) => np.square(weight.ref).sum())
    .reduce((sum, squares) => sum.add(squares))
    .mul(l2 / 2);
}
