import { InvalidArgumentError } from "sofim/core";
import type { ImageDataset } from "../data/dataset.js";
import { Random } from "../data/random.js";
import { type OptimizerName, type OptimizerOptions, optimizers } from "../workloads/optimizers.js";
import type { Workload } from "../workloads/workload.js";
import { stepsPerEpoch, trainBatches } from "./batches.js";
import { evaluate } from "./evaluate.js";
import { Recorder } from "./recorder.js";
import type { Evaluation, RunStatus, TrainResult } from "./result.js";
import { type OptimizerReadings, openSession, type Session } from "./session.js";

/** Where a run stands after a step. */
export interface StepReport {
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** The objective of this step's batch, before the update. */
  readonly loss: number;
  readonly imagesPerSecond: number;
}

/** What `logEvery` asks for: a step's loss and what the optimizer's state says about the step. */
export interface StepLog extends OptimizerReadings {
  readonly step: number;
  /** The objective of this step's batch, before the update. */
  readonly loss: number;
}

/** Is told how a run goes, as it goes. */
export interface TrainObserver {
  onStart?(run: { readonly steps: number; readonly epochs: number }): void;
  onStep?(report: StepReport): void;
  onLog?(log: StepLog): void;
  onEvaluation?(evaluation: Evaluation): void;
}

export interface TrainOptions {
  readonly workload: Workload;
  /** The images that `workload.dataset` names. */
  readonly dataset: ImageDataset;
  readonly optimizer: OptimizerName;
  /** Options to use instead of the workload's. */
  readonly options?: OptimizerOptions | undefined;
  /** Decides the initial weights, the order of the images and what the optimizer draws. Default 0. */
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
 * is dropped). The clock runs for batches and steps alone; evaluation and compilation are measured apart. The
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
  const { workload, random } = plan;
  const session = await openSession({
    model: workload.model,
    objectiveL2: workload.l2,
    optimizer: plan.optimizer,
    refreshEvery: plan.refreshEvery,
    weights: new Random(random.uint32()),
    batchSize: workload.batchSize,
    threads: options.threads,
  });
  try {
    const recorder = new Recorder(plan.steps, plan.stepsPerEpoch, workload.batchSize);
    options.observer?.onStart?.({ steps: plan.steps, epochs: plan.epochs });
    const status = await runSteps(options, plan, session, recorder);
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
    optimizer: definition.create(optimizerOptions, steps, seed),
    refreshEvery: definition.refreshEvery(optimizerOptions),
    optimizerOptions,
  };
}

type RunPlan = ReturnType<typeof planRun>;

async function runSteps(
  { dataset, signal, observer }: TrainOptions,
  plan: RunPlan,
  session: Session,
  recorder: Recorder,
): Promise<RunStatus> {
  const { batchSize, normalization } = plan.workload;
  const batches = trainBatches(dataset.train, batchSize, normalization, plan.random);
  while (recorder.steps < plan.steps) {
    if (signal?.aborted) return "aborted";
    const stepStart = performance.now();
    const loss = await session.step(batches.next().value);
    recorder.addStep(loss, secondsSince(stepStart));
    observer?.onStep?.(reportStep(plan, recorder, loss));
    if (recorder.steps % plan.logEvery === 0) {
      observer?.onLog?.({ step: recorder.steps, loss, ...(await session.inspect()) });
    }
    if (!Number.isFinite(loss)) return "diverged";
    if (recorder.steps % plan.evaluateEvery !== 0 && recorder.steps % plan.stepsPerEpoch !== 0) continue;

    const evalStart = performance.now();
    const score = await evaluate(session.predict, dataset.test, batchSize, normalization, signal);
    if (score === undefined) return "aborted";
    const evaluation = recorder.addEvaluation(score.loss, score.accuracy, secondsSince(evalStart));
    observer?.onEvaluation?.(evaluation);
    if (!Number.isFinite(score.loss)) return "diverged";
  }
  return "completed";
}

function reportStep(plan: RunPlan, { steps, imagesPerSecond }: Recorder, loss: number): StepReport {
  const { stepsPerEpoch, epochs } = plan;
  return {
    step: steps,
    stepsPerEpoch,
    epoch: Math.ceil(steps / stepsPerEpoch),
    epochs,
    loss,
    imagesPerSecond,
  };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

function atLeastOne(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError(name, value, "an integer >= 1");
  return value;
}
