import type { Normalization } from "../data/batch.js";
import type { ImageSet } from "../data/dataset.js";
import { evaluationBatches } from "./batches.js";

/** How well a model does on a set of images. */
export interface TestScore {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Fraction classified correctly, 0 to 1. */
  readonly accuracy: number;
}

/** Logits `[batch, classes]`, row-major, of normalized images `[batch, channels, height, width]`. */
export type Predict = (images: Float32Array) => Promise<ArrayLike<number>>;

/**
 * Scores a model on every image of `set`. Losses are taken from the logits in float64, so that the result
 * depends neither on the batch size nor on the order of the sums.
 *
 * @returns undefined if `signal` was aborted before the end
 */
export async function evaluate(
  predict: Predict,
  set: ImageSet,
  batchSize: number,
  normalization: Normalization,
  signal?: AbortSignal,
): Promise<TestScore | undefined> {
  let loss = 0;
  let correct = 0;
  for (const { images, labels, count } of evaluationBatches(set, batchSize, normalization)) {
    if (signal?.aborted) return undefined;
    const logits = await predict(images);
    const classes = logits.length / labels.length;
    for (let row = 0; row < count; row++) {
      const scored = scoreRow(logits, row * classes, classes, labels[row]!);
      loss += scored.loss;
      if (scored.correct) correct++;
    }
  }
  return { loss: loss / set.count, accuracy: correct / set.count };
}

/** Cross-entropy of one row of logits; correct if the label's logit is above all others. */
function scoreRow(logits: ArrayLike<number>, start: number, classes: number, label: number) {
  let largest = Number.NEGATIVE_INFINITY;
  let rival = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) {
    const logit = logits[start + c]!;
    largest = Math.max(largest, logit);
    if (c !== label) rival = Math.max(rival, logit);
  }
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(logits[start + c]! - largest);
  const own = logits[start + label]!;
  return { loss: Math.log(sum) + largest - own, correct: own > rival };
}
