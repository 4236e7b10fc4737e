import type { BatchSource } from "./batch-source.js";
import type { TestScore } from "./evaluate.js";
import type { Recorder } from "./recorder.js";
import type { Evaluation, RunStatus } from "./result.js";
import type { OptimizerReadings, Session } from "./session.js";

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

/** What a run does, step by step. */
export interface LoopPlan {
  readonly batches: BatchSource;
  /** One for each step: their number is the length of the run. */
  readonly learningRates: Float32Array;
  readonly stepsPerEpoch: number;
  /** Steps between evaluations, besides the one that ends every epoch. */
  readonly evaluateEvery: number;
  /** Steps between two calls of the observer's `onLog`; may be infinite. */
  readonly logEvery: number;
  /** Scores the model as it stands; undefined if it was stopped before the end. */
  evaluate(): Promise<TestScore | undefined>;
  /** Seconds on the clock that times the steps. */
  clock(): number;
}

/** Takes the steps of `plan` and records them; ends early when `signal` is aborted or the loss is no number. */
export async function runSteps(
  session: Session,
  plan: LoopPlan,
  recorder: Recorder,
  {
    signal,
    observer,
  }: { readonly signal?: AbortSignal | undefined; readonly observer?: TrainObserver | undefined } = {},
): Promise<RunStatus> {
  for (const learningRate of plan.learningRates) {
    if (signal?.aborted) return "aborted";
    const stepStart = plan.clock();
    const loss = await session.step(await plan.batches.next(), learningRate);
    recorder.addStep(loss, plan.clock() - stepStart);
    observer?.onStep?.(reportStep(plan, recorder, loss));
    if (recorder.steps % plan.logEvery === 0) {
      observer?.onLog?.({ step: recorder.steps, loss, ...(await session.inspect()) });
    }
    if (!Number.isFinite(loss)) return "diverged";
    if (recorder.steps % plan.evaluateEvery !== 0 && recorder.steps % plan.stepsPerEpoch !== 0) continue;

    const evalStart = plan.clock();
    const score = await plan.evaluate();
    if (score === undefined) return "aborted";
    const evaluation = recorder.addEvaluation(score.loss, score.accuracy, plan.clock() - evalStart);
    observer?.onEvaluation?.(evaluation);
    if (!Number.isFinite(score.loss)) return "diverged";
  }
  return "completed";
}

function reportStep(plan: LoopPlan, { steps, imagesPerSecond }: Recorder, loss: number): StepReport {
  const { stepsPerEpoch, learningRates } = plan;
  return {
    step: steps,
    stepsPerEpoch,
    epoch: Math.ceil(steps / stepsPerEpoch),
    epochs: learningRates.length / stepsPerEpoch,
    loss,
    imagesPerSecond,
  };
}
