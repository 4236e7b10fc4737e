import { defaultDevice, init } from "@jax-js/jax";
import { InvalidArgumentError } from "sofim/core";
import { type ImageDataset, type ImageSet, loadDataset, Random } from "../data/index.js";
import { readEnvironment } from "../environment.js";
import { openBatches } from "../train/batch-source.js";
import { stepsPerEpoch } from "../train/batches.js";
import { evaluate } from "../train/evaluate.js";
import { type LoopPlan, runSteps } from "../train/loop.js";
import { Recorder } from "../train/recorder.js";
import { openSession, type Session, tracedOptions } from "../train/session.js";
import { countStepCalls } from "../train/step-calls.js";
import type { OptimizerDefinition, OptimizerOptions } from "../workloads/optimizer-definition.js";
import { findWorkload } from "../workloads/workloads.js";
import { methods } from "./methods.js";
import type { RunSpec } from "./plan.js";
import { gradientsPerProduct } from "./protocol.js";
import type { RunLine } from "./run-line.js";

/** Makes runs one after another, and keeps what the next one can use again: the data, and the compiled step. */
export class RunPerformer {
  #data: { readonly name: string; readonly dataset: ImageDataset } | undefined;
  #compiled: { readonly key: string; readonly session: Session } | undefined;

  /** @param dataDir - where data sets are; default as for `loadDataset` */
  constructor(private readonly dataDir?: string) {}

  async perform(spec: RunSpec): Promise<RunLine> {
    const startedAt = new Date().toISOString();
    const { budget, options } = spec;
    const workload = findWorkload(budget.workload);
    const { batchSize, normalization } = workload;
    const { definition } = methods[spec.method];
    const images = splitImages(await this.#load(workload.dataset), spec);
    const random = new Random(spec.seed);
    const { session, compileSeconds } = await this.#open(spec, new Random(random.uint32()));

    const perEpoch = stepsPerEpoch(images.train.count, batchSize);
    const steps = budget.epochs * perEpoch;
    const recorder = new Recorder(steps, perEpoch, batchSize);
    const stopwatch = timeSteps(session);
    const batches = openBatches(workload, images.train, random);
    const plan: LoopPlan = {
      batches,
      learningRates: definition.learningRates(options, steps),
      stepsPerEpoch: perEpoch,
      evaluateEvery: spec.phase === "reporting" ? budget.evaluateEvery : perEpoch,
      logEvery: Number.POSITIVE_INFINITY,
      evaluate: () => evaluate(session.predict, images.judged, batchSize, normalization),
      clock: cpuSeconds,
    };
    const status = await runSteps(stopwatch.session, plan, recorder).finally(() => batches.close());
    if (status === "aborted") throw new Error(`run ${spec.id} was aborted, and nobody can abort it`);
    const { machine, versions } = describeMachine();
    return {
      kind: "run",
      id: spec.id,
      workload: workload.name,
      method: spec.method,
      phase: spec.phase,
      trial: spec.trial,
      seed: spec.seed,
      options,
      status,
      steps: recorder.steps,
      stepsPerEpoch: perEpoch,
      batchSize,
      gradientEquivalents: gradientEquivalents(definition, options),
      ...roundedTimes(recorder, stopwatch.wallSeconds(), compileSeconds),
      startedAt,
      machine,
      versions,
    };
  }

  async dispose(): Promise<void> {
    await this.#compiled?.session.dispose();
    this.#compiled = undefined;
  }

  async #load(name: ImageDataset["name"]): Promise<ImageDataset> {
    if (this.#data?.name !== name) {
      const dataset = await loadDataset(name, this.dataDir === undefined ? {} : { dataDir: this.dataDir });
      this.#data = { name, dataset };
    }
    return this.#data.dataset;
  }

  /** A session with fresh weights; compiles one only if the last run's does not fit. */
  async #open({ budget, method, options, seed }: RunSpec, weights: Random) {
    await init("wasm");
    defaultDevice("wasm");
    const workload = findWorkload(budget.workload);
    const { definition } = methods[method];
    const optimizer = definition.create(options, seed);
    const traced = tracedOptions(optimizer, workload.model);
    const key = JSON.stringify([workload.name, method, compiledOptions(options, traced)]);
    if (this.#compiled?.key === key) {
      this.#compiled.session.restart(optimizer, weights);
      return { session: this.#compiled.session, compileSeconds: 0 };
    }
    await this.dispose();
    const session = await openSession({
      model: workload.model,
      objectiveL2: workload.l2,
      optimizer,
      refreshEvery: definition.refreshEvery(options),
      weights,
      batchSize: workload.batchSize,
      threads: 1,
    });
    this.#compiled = { key, session };
    return { session, compileSeconds: session.compileSeconds };
  }
}

/** The options that a compiled step has fixed, and the names of those that it takes from the state. */
function compiledOptions(options: OptimizerOptions, traced: readonly string[]) {
  const { schedule: _movesTheLearningRateFromOutside, ...rest } = options;
  return [Object.entries(rest).filter(([name]) => !traced.includes(name)), traced];
}

function splitImages({ train, test }: ImageDataset, { budget, phase }: RunSpec) {
  const { workload, trainImages, validationImages, testImages } = budget;
  if (trainImages + validationImages > train.count || testImages > test.count) {
    throw new InvalidArgumentError(
      "budget",
      `${trainImages} training, ${validationImages} validation and ${testImages} test images of ${workload}`,
      `no more than ${train.count} for the first two and ${test.count} for the last`,
    );
  }
  const judged =
    phase === "tuning"
      ? slice(train, train.count - validationImages, train.count)
      : slice(test, 0, testImages);
  return { train: slice(train, 0, trainImages), judged };
}

function slice(set: ImageSet, start: number, end: number): ImageSet {
  const size = set.channels * set.height * set.width;
  return {
    ...set,
    count: end - start,
    images: set.images.subarray(start * size, end * size),
    labels: set.labels.subarray(start, end),
  };
}

/** The session, with a stopwatch of wall-clock time over its steps. */
function timeSteps(session: Session) {
  let milliseconds = 0;
  return {
    session: {
      ...session,
      async step(...args: Parameters<Session["step"]>) {
        const start = performance.now();
        const loss = await session.step(...args);
        milliseconds += performance.now() - start;
        return loss;
      },
    },
    wallSeconds: () => milliseconds / 1000,
  };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Times to the microsecond, which is what the clocks have. */
function roundedTimes(recorder: Recorder, wallSeconds: number, compileSeconds: number) {
  const round = (seconds: number) => Math.round(seconds * 1e6) / 1e6;
  const { seconds, evalSeconds, evaluations } = recorder.measurements();
  return {
    seconds: round(seconds),
    wallSeconds: round(wallSeconds),
    evalSeconds: round(evalSeconds),
    compileSeconds: round(compileSeconds),
    evaluations: evaluations.map(({ step, seconds, trainLoss, testLoss, testAccuracy }) => ({
      step,
      seconds: round(seconds),
      trainLoss,
      loss: testLoss,
      accuracy: testAccuracy,
    })),
  };
}

function gradientEquivalents(definition: OptimizerDefinition, options: OptimizerOptions): number {
  const optimizer = definition.create(options);
  const every = definition.refreshEvery(options);
  const cost = (refresh: boolean) => {
    const { gradients, products } = countStepCalls(optimizer, refresh);
    return gradients + gradientsPerProduct * products;
  };
  return every === 1 ? cost(true) : (cost(true) + (every - 1) * cost(false)) / every;
}

function describeMachine() {
  const { cpu, cores, memoryGiB, platform, versions } = readEnvironment();
  return { machine: `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}`, versions };
}
