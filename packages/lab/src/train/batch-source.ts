import type { ImageSet } from "../data/dataset.js";
import type { Random } from "../data/random.js";
import type { Workload } from "../workloads/workload.js";
import { type Batch, stepsPerEpoch, trainBatches } from "./batches.js";
import { PreparedBatches } from "./prepared-batches.js";

/** Where a run gets its training batches, without end. */
export interface BatchSource {
  next(): Batch | Promise<Batch>;
  /** To be called when the run is over, whatever came of it: a thread would keep the process alive. */
  close(): Promise<void>;
}

/**
 * The training batches of a workload. Plain ones are gathered when they are taken; varied ones are prepared by a thread
 * that starts now. Both follow `random`, which is the source's own from here on.
 */
export function openBatches(
  { batchSize, normalization, augmentation }: Pick<Workload, "batchSize" | "normalization" | "augmentation">,
  set: ImageSet,
  random: Random,
): BatchSource {
  stepsPerEpoch(set.count, batchSize);
  if (augmentation !== undefined) {
    return new PreparedBatches({ set, batchSize, normalization, augmentation, seed: random.uint32() });
  }
  const batches = trainBatches(set, batchSize, normalization, random);
  return { next: () => batches.next().value, close: async () => {} };
}
