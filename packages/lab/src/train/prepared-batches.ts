import { on } from "node:events";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { ImageSet } from "../data/dataset.js";
import type { BatchSource } from "./batch-source.js";
import type { BatchWorkerData } from "./batch-worker.js";
import type { Batch } from "./batches.js";

/** Batches that wait or are being made, at most. A step takes longer than a batch: a few bridge what is uneven. */
const ahead = 8;

/** The compiled script, also where this file runs uncompiled: threads of Node 20 load no TypeScript. */
const script = createRequire(import.meta.url).resolve("#batch-worker");

/**
 * The batches of `augmentedBatches` for a `Random` of the given seed, made ahead of time by a thread of their own. At most
 * eight wait; each that is taken lets the thread make another.
 */
export class PreparedBatches implements BatchSource {
  readonly #worker: Worker;
  readonly #messages: AsyncIterator<readonly unknown[]>;

  constructor({ set, ...rest }: BatchWorkerData) {
    const workerData: BatchWorkerData = { set: shareImages(set), ...rest };
    this.#worker = new Worker(script, { workerData });
    // An error in the thread rejects what waits here, or the next that will.
    this.#messages = on(this.#worker, "message");
    this.#worker.postMessage(ahead);
  }

  async next(): Promise<Batch> {
    const { value } = await this.#messages.next();
    this.#worker.postMessage(1);
    return value[0] as Batch;
  }

  async close(): Promise<void> {
    await this.#messages.return?.();
    await this.#worker.terminate();
  }
}

/** The same set in memory that threads share: one copy of its images instead of one on the way and one there. */
function shareImages(set: ImageSet): ImageSet {
  const share = (bytes: Uint8Array) => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    return shared;
  };
  return { ...set, images: share(set.images), labels: share(set.labels) };
}
