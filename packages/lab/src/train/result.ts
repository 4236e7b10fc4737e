import type { OptimizerOptions } from "../workloads/optimizer-definition.js";
import type { OptimizerName } from "../workloads/optimizers.js";

/** How far a run had come when it was evaluated. */
export interface Evaluation {
  /** Steps taken. */
  readonly step: number;
  /** Training clock in seconds: evaluation and compilation are not counted. */
  readonly seconds: number;
  /** Mean objective of the training batches since the previous evaluation, each before its update. */
  readonly trainLoss: number;
  /** Mean cross-entropy over all test images. */
  readonly testLoss: number;
  /** Fraction of the test images classified correctly, 0 to 1. */
  readonly testAccuracy: number;
}

/**
 * How a run ended: all its steps done, stopped by the caller, or stopped at the first loss that was
 * infinite or not a number.
 */
export type RunStatus = "completed" | "aborted" | "diverged";

/** What a run was, and what came of it. Values that a run did not reach are NaN. */
export interface TrainResult {
  readonly workload: string;
  readonly optimizer: OptimizerName;
  readonly options: OptimizerOptions;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly status: RunStatus;
  /** Steps taken. */
  readonly steps: number;
  /** Mean objective of the last epoch's batches, each before its update. */
  readonly trainLoss: number;
  /** Of the last evaluation. */
  readonly testLoss: number;
  /** Of the last evaluation. */
  readonly testAccuracy: number;
  /** Training clock: batches and steps alone. */
  readonly seconds: number;
  readonly evalSeconds: number;
  /** Tracing, lowering, making the sessions, and the first run of each. */
  readonly compileSeconds: number;
  readonly imagesPerSecond: number;
  readonly device: string;
  readonly threads: number;
  readonly evaluations: readonly Evaluation[];
  /** The objective of every step's batch, before its update. */
  readonly losses: Float32Array;
  /** Training clock at the end of every step. */
  readonly stepSeconds: Float64Array;
}
