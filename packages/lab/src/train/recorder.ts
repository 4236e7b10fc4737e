import type { Evaluation, TrainResult } from "./result.js";

/** What a run has measured so far, one entry per step and per evaluation. */
export class Recorder {
  readonly #losses: Float32Array;
  readonly #stepSeconds: Float64Array;
  readonly #evaluations: Evaluation[] = [];
  #steps = 0;
  #seconds = 0;
  #evalSeconds = 0;

  constructor(
    totalSteps: number,
    private readonly stepsPerEpoch: number,
    private readonly batchSize: number,
  ) {
    this.#losses = new Float32Array(totalSteps);
    this.#stepSeconds = new Float64Array(totalSteps);
  }

  get steps(): number {
    return this.#steps;
  }

  get imagesPerSecond(): number {
    return this.#steps === 0 ? Number.NaN : (this.#steps * this.batchSize) / this.#seconds;
  }

  addStep(loss: number, seconds: number): void {
    this.#seconds += seconds;
    this.#losses[this.#steps] = loss;
    this.#stepSeconds[this.#steps] = this.#seconds;
    this.#steps++;
  }

  addEvaluation(testLoss: number, testAccuracy: number, seconds: number): Evaluation {
    this.#evalSeconds += seconds;
    const previous = this.#evaluations.at(-1)?.step ?? 0;
    const evaluation: Evaluation = Object.freeze({
      step: this.#steps,
      seconds: this.#seconds,
      trainLoss: mean(this.#losses.subarray(previous, this.#steps)),
      testLoss,
      testAccuracy,
    });
    this.#evaluations.push(evaluation);
    return evaluation;
  }

  /** The measured part of the run's result. */
  measurements(): Measurements {
    const steps = this.#steps;
    const last = this.#evaluations.at(-1);
    return {
      steps,
      trainLoss: mean(this.#losses.subarray(Math.max(0, steps - this.stepsPerEpoch), steps)),
      testLoss: last?.testLoss ?? Number.NaN,
      testAccuracy: last?.testAccuracy ?? Number.NaN,
      seconds: this.#seconds,
      evalSeconds: this.#evalSeconds,
      imagesPerSecond: this.imagesPerSecond,
      evaluations: this.#evaluations,
      losses: this.#losses.slice(0, steps),
      stepSeconds: this.#stepSeconds.slice(0, steps),
    };
  }
}

export type Measurements = Pick<
  TrainResult,
  | "steps"
  | "trainLoss"
  | "testLoss"
  | "testAccuracy"
  | "seconds"
  | "evalSeconds"
  | "imagesPerSecond"
  | "evaluations"
  | "losses"
  | "stepSeconds"
>;

/** NaN for no values. */
function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
