import type { Augmentation } from "../data/augment.js";
import type { Normalization } from "../data/batch.js";
import type { DatasetName } from "../data/dataset.js";
import type { AnyModel } from "../models/index.js";
import type { OptimizerOptions } from "./optimizer-definition.js";
import type { OptimizerName } from "./optimizers.js";

/** Values at which a run counts as having learnt the workload. */
export interface Targets {
  /** Mean loss of the training batches since the previous evaluation, at most. */
  readonly trainLoss: number;
  /** Mean cross-entropy over the test images, at most. */
  readonly testLoss: number;
  /** Fraction of the test images classified correctly, at least. */
  readonly testAccuracy: number;
}

/**
 * A training problem and everything that makes runs on it comparable.
 *
 * The objective is the batch's mean softmax cross-entropy plus `l2 / 2` times the squared norm of all
 * weights (not biases, nor the scales of a normalization). Runner, scorer, documents and pages all read this one frozen object.
 */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly dataset: DatasetName;
  readonly model: AnyModel;
  readonly batchSize: number;
  readonly epochs: number;
  readonly l2: number;
  readonly normalization: Normalization;
  /** How training images are varied; left out where they are taken as they are. */
  readonly augmentation?: Augmentation;
  /** Steps between two evaluations where curves or targets are wanted; divides an epoch evenly. */
  readonly evaluateEvery: number;
  readonly targets: Targets;
  /**
   * Options of each optimizer for this workload, from short searches here or on its neighbours, or as published where
   * there was no search (a fair comparison searches them anew); options not named keep the optimizer's own defaults.
   */
  readonly optimizers: Readonly<Record<OptimizerName, OptimizerOptions>>;
}
