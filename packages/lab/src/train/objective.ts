import { nn, numpy as np } from "@jax-js/jax";
import type { Model, ModelParams } from "../models/index.js";

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

/** Cross-entropy of `model` plus `l2 / 2` times the squared norm of its weights (biases are free). */
export function makeObjective(model: Model, l2: number): Objective {
  return (params, images, labels) => {
    if (l2 === 0) return crossEntropy(model.apply(params, images), labels);
    const penalty = Object.values(params)
      .map(({ weight }) => np.square(weight.ref).sum())
      .reduce((sum, squares) => sum.add(squares));
    return crossEntropy(model.apply(params, images), labels).add(penalty.mul(l2 / 2));
  };
}
