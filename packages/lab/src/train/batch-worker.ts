import { parentPort, workerData } from "node:worker_threads";
import type { Augmentation } from "../data/augment.js";
import type { Normalization } from "../data/batch.js";
import type { ImageSet } from "../data/dataset.js";
import { Random } from "../data/random.js";
import { augmentedBatches } from "./batches.js";

/** What the thread is started with. */
export interface BatchWorkerData {
  readonly set: ImageSet;
  readonly batchSize: number;
  readonly normalization: Normalization;
  readonly augmentation: Augmentation;
  readonly seed: number;
}

/*
 * The thread that prepares batches. It makes as many as it is asked for, so that whoever takes them decides how many wait,
 * and makes them one after another from one stream of random numbers, so that they are the same whenever they are taken.
 */

const { set, batchSize, normalization, augmentation, seed } = workerData as BatchWorkerData;
const batches = augmentedBatches(set, batchSize, normalization, augmentation, new Random(seed));

parentPort!.on("message", (wanted: number) => {
  for (let i = 0; i < wanted; i++) {
    const batch = batches.next().value;
    const { images, labels } = batch;
    parentPort!.postMessage(batch, [images.buffer as ArrayBuffer, labels.buffer as ArrayBuffer]);
  }
});
