import { InvalidArgumentError } from "sofim/core";
import type { ImageDataset } from "../data/dataset.js";
import { Random } from "../data/random.js";
import type { OptimizerOptions } from "../workloads/optimizer-definition.js";
import { type OptimizerName, optimizers } from "../workloads/optimizers.js";
import type { Workload } from "../workloads/workload.js";
import { type BatchSource, openBatches } from "./batch-source.js";
import { stepsPerEpoch } from "./batches.js";
import { evaluate } from "./evaluate.js";
import { type LoopPlan, runSteps, type TrainObserver } from "./loop.js";
import { Recorder } from "./recorder.js";
import type { TrainResult } from "./result.js";
import { openSession, type Session } from "./session.js";

export interface TrainOptions {
  readonly workload: Workload;
  /** The images that `workload.dataset` names. */
  readonly dataset: ImageDataset;
  readonly optimizer: OptimizerName;
  /** Options to use instead of the workload's. */
  readonly options?: OptimizerOptions | undefined;
  /** Decides the initial weights, the order of the images, how they are varied and what the optimizer draws. Default 0. */
  readonly seed?: number | undefined;
  /** Default: the workload's. */
  readonly epochs?: number | undefined;
  /** Steps between evaluations, besides the one that ends every epoch. Default: that one alone. */
  readonly evaluateEvery?: number | undefined;
  /** Steps between two calls of the observer's `onLog`. Default: none. */
  readonly logEvery?: number | undefined;
  /** Threads for the engine. Default: the engine's. */
  readonly threads?: number | undefined;
  /** Stops the run within one step. */
  readonly signal?: AbortSignal | undefined;
  readonly observer?: TrainObserver | undefined;
}

/**
 * Trains a workload's model with one optimizer.
 *
 * Every epoch goes through the training images in a fresh random order, in whole batches (what is left over
 * is dropped). Where the workload varies its images, a thread prepares the batches. The clock runs for batches and steps alone; evaluation and compilation are measured apart. The
 * same options and seed give the same losses, to the last bit, on one machine with one number of threads.
 *
 * @returns what was reached, also when the run was aborted or diverged
 * @throws InvalidArgumentError for an option that does not fit, before any work is done
 * @example
 * ```ts
 * import { findWorkload, loadDataset, train } from "@sofim/lab";
 * const workload = findWorkload("glyphs-lenet5");
 * const dataset = await loadDataset(workload.dataset);
 * const { train: images } = dataset;
 * const few = { ...dataset, train: { ...images, count: 256 }, test: { ...dataset.test, count: 100 } };
 * const result = await train({ workload, dataset: few, optimizer: "sofim", epochs: 1 });
 * if (result.status !== "completed" || result.steps !== 2) throw new Error("two batches of 128");
 * ```
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const plan = planRun(options);
  const weights = new Random(plan.random.uint32());
  const batches = openBatches(plan.workload, options.dataset.train, plan.random);
  try {
    return await trainOn(batches, weights, plan, options);
  } finally {
    await batches.close();
  }
}

async function trainOn(
  batches: BatchSource,
  weights: Random,
  plan: Plan,
  options: TrainOptions,
): Promise<TrainResult> {
  const { workload } = plan;
  const session = await openSession({
    model: workload.model,
    objectiveL2: workload.l2,
    optimizer: plan.optimizer,
    refreshEvery: plan.refreshEvery,
    weights,
    batchSize: workload.batchSize,
    threads: options.threads,
  });
  try {
    const recorder = new Recorder(plan.steps, plan.stepsPerEpoch, workload.batchSize);
    options.observer?.onStart?.({ steps: plan.steps, epochs: plan.epochs });
    const status = await runSteps(session, loopPlan(plan, options, batches, session), recorder, options);
    return {
      workload: workload.name,
      optimizer: options.optimizer,
      options: plan.optimizerOptions,
      seed: plan.seed,
      epochs: plan.epochs,
      batchSize: workload.batchSize,
      status,
      ...recorder.measurements(),
      compileSeconds: session.compileSeconds,
      device: session.device,
      threads: session.threads,
    };
  } finally {
    await session.dispose();
  }
}

type Plan = ReturnType<typeof planRun>;

function planRun(given: TrainOptions) {
  const { workload, dataset, optimizer, options, seed = 0, epochs, evaluateEvery, logEvery } = given;
  const perEpoch = stepsPerEpoch(dataset.train.count, workload.batchSize);
  const epochCount = atLeastOne("epochs", epochs ?? workload.epochs);
  const steps = epochCount * perEpoch;
  const definition = optimizers[optimizer];
  const optimizerOptions = definition.resolve({ ...workload.optimizers[optimizer], ...options });
  return {
    workload,
    seed,
    random: new Random(seed),
    epochs: epochCount,
    steps,
    stepsPerEpoch: perEpoch,
    logEvery: logEvery === undefined ? Number.POSITIVE_INFINITY : atLeastOne("logEvery", logEvery),
    evaluateEvery: atLeastOne("evaluateEvery", evaluateEvery ?? perEpoch),
    optimizer: definition.create(optimizerOptions, seed),
    definition,
    refreshEvery: definition.refreshEvery(optimizerOptions),
    optimizerOptions,
  };
}

function loopPlan(
  plan: Plan,
  { dataset, signal }: TrainOptions,
  batches: BatchSource,
  session: Session,
): LoopPlan {
  const { batchSize, normalization } = plan.workload;
  return {
    batches,
    // Computed by jax-js, which opening a session has started.
    learningRates: plan.definition.learningRates(plan.optimizerOptions, plan.steps),
    stepsPerEpoch: plan.stepsPerEpoch,
    evaluateEvery: plan.evaluateEvery,
    logEvery: plan.logEvery,
    evaluate: () => evaluate(session.predict, dataset.test, batchSize, normalization, signal),
    clock: () => performance.now() / 1000,
  };
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError(name, value, "an integer >= 1");
  return value;
}
