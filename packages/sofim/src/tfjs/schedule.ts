import { checkChoice } from "../core/options.js";

/** What a schedule steers: any optimizer whose learning rate can be set, such as `SofimOptimizer`. */
export interface ScheduledOptimizer {
  learningRate: number;
  /** Steps taken so far. */
  readonly iterations: number;
}

/** A callback for `model.fit`, as TensorFlow.js Layers takes it. */
export type ScheduleCallback =
  | { readonly onBatchBegin: (batch: number) => void }
  | { readonly onEpochBegin: (epoch: number) => void };

/**
 * A callback that sets the learning rate while `model.fit` runs, before every batch or every epoch.
 *
 *     learningRate = schedule(t)
 *
 * t is the optimizer's number of steps, which is saved with it, so that a resumed run goes on where it was; or, per
 * epoch, the number that `model.fit` counts from `initialEpoch`. Without `model.fit`, set `optimizer.learningRate`.
 *
 * @param optimizer The optimizer that the model was compiled with.
 * @param schedule The learning rate for t = 0, 1, 2, ...; finite and >= 0.
 * @param per How often it is set. Default `"batch"`.
 * @returns One of the `callbacks` of `model.fit`. It throws InvalidArgumentError for a rate out of range.
 * @throws InvalidArgumentError if `per` is something else.
 *
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { layers, sequential } from "@tensorflow/tfjs-layers";
 * import { scheduleLearningRate, SofimOptimizer } from "sofim/tfjs";
 *
 * const optimizer = new SofimOptimizer({ learningRate: 0.2 });
 * const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1], name: "line" })] });
 * model.compile({ optimizer, loss: "meanSquaredError" });
 * const cosine = (t: number) => 0.1 * (1 + Math.cos((Math.PI * t) / 100));
 * await model.fit(tf.tensor2d([[0], [1], [2], [3]]), tf.tensor2d([[1], [3], [5], [7]]), {
 *   epochs: 25,
 *   batchSize: 1,
 *   callbacks: scheduleLearningRate(optimizer, cosine),
 *   verbose: 0,
 * });
 * if (Math.abs(optimizer.learningRate - cosine(99)) > 1e-12) throw new Error("the schedule was not followed");
 * ```
 */
export function scheduleLearningRate(
  optimizer: ScheduledOptimizer,
  schedule: (t: number) => number,
  per: "batch" | "epoch" = "batch",
): ScheduleCallback {
  const set = (t: number) => {
    optimizer.learningRate = schedule(t);
  };
  return checkChoice("per", per, ["batch", "epoch"]) === "batch"
    ? { onBatchBegin: () => set(optimizer.iterations) }
    : { onEpochBegin: set };
}
