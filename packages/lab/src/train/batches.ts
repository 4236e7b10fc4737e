import { InvalidArgumentError } from "sofim/core";
import { type Augmentation, augmentImages } from "../data/augment.js";
import { gatherBatch, type Normalization } from "../data/batch.js";
import type { ImageSet } from "../data/dataset.js";
import type { Random } from "../data/random.js";

/** One batch on the host; the buffers belong to the batch. */
export interface Batch {
  /** [batch, channels, height, width], normalized. */
  readonly images: Float32Array;
  /** [batch] */
  readonly labels: Int32Array;
  /** How many of the batch's images count; the rest repeat the last one to fill a fixed shape. */
  readonly count: number;
}

/** How many whole batches an epoch over `count` images has. */
export function stepsPerEpoch(count: number, batchSize: number): number {
  const steps = Math.floor(count / batchSize);
  if (steps === 0) {
    throw new InvalidArgumentError("batchSize", batchSize, `at most the number of training images, ${count}`);
  }
  return steps;
}

/**
 * Endless training batches: every epoch in a fresh random order, and what is left over after the last
 * whole batch is dropped (a new order every epoch means that no image is left out for good), so that
 * all batches have one shape and weigh the same.
 */
export function* trainBatches(
  set: ImageSet,
  batchSize: number,
  normalization: Normalization,
  random: Random,
): Generator<Batch, never> {
  const order = trainIndices(set.count, batchSize, random);
  for (;;) yield gather(set, order.next().value, batchSize, normalization);
}

/** Training batches as of `trainBatches`, with every image varied each time. */
export function* augmentedBatches(
  set: ImageSet,
  batchSize: number,
  normalization: Normalization,
  augmentation: Augmentation,
  random: Random,
): Generator<Batch, never> {
  const all = Uint32Array.from({ length: batchSize }, (_, i) => i);
  const order = trainIndices(set.count, batchSize, random);
  for (;;) {
    const varied = augmentImages(set, order.next().value, augmentation, random);
    yield gather(varied, all, batchSize, normalization);
  }
}

/** Which images are in each batch; the array is overwritten by the next one's epoch. */
function* trainIndices(count: number, batchSize: number, random: Random): Generator<Uint32Array, never> {
  const steps = stepsPerEpoch(count, batchSize);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (;;) {
    random.shuffle(order);
    for (let step = 0; step < steps; step++) {
      yield order.subarray(step * batchSize, (step + 1) * batchSize);
    }
  }
}

/** All images of `set` in order; the last batch is filled up to `batchSize`. */
export function* evaluationBatches(
  set: ImageSet,
  batchSize: number,
  normalization: Normalization,
): Generator<Batch, void> {
  for (let start = 0; start < set.count; start += batchSize) {
    const count = Math.min(batchSize, set.count - start);
    const indices = Uint32Array.from({ length: batchSize }, (_, i) => start + Math.min(i, count - 1));
    yield gather(set, indices, count, normalization);
  }
}

function gather(set: ImageSet, indices: Uint32Array, count: number, normalization: Normalization): Batch {
  // Fresh buffers: the engine may still read the previous batch's when this one is gathered.
  const images = new Float32Array(indices.length * set.channels * set.height * set.width);
  const labels = new Int32Array(indices.length);
  gatherBatch(set, indices, normalization, images, labels);
  return { images, labels, count };
}
