import { DType, numpy as np, tree } from "@jax-js/jax";
import { cosineDecaySchedule, type GradientTransformation, type Schedule, sofim } from "sofim";
import { type LbfgsResult, minimizeLbfgs } from "sofim/core";
import { type EngineArray, engineArray, jit } from "sofim/ort";
import type { ImageDataset } from "../data/dataset.js";
import { Random } from "../data/random.js";
import type { ModelParams } from "../models/index.js";
import { makeTrainStep, toEngine } from "../train/session.js";
import type { Workload } from "../workloads/workload.js";
import { type DeviceImages, indexRange, openDeviceImages } from "./device-images.js";
import { compileFullObjective, type FullObjective, joinLeaves } from "./full-objective.js";

/** What all runs of the study share. */
export interface ConvergenceSettings {
  readonly batchSize: number;
  readonly epochs: number;
  /** SOFIM's step size at the start. */
  readonly learningRate: number;
  readonly rho: number;
  readonly beta: number;
  /** Epochs after which the step that falls as 1/t has halved. */
  readonly halfLife: number;
  /** Largest gradient component at which L-BFGS stops. */
  readonly gradientTolerance: number;
}

export const convergenceSettings: ConvergenceSettings = Object.freeze({
  batchSize: 500,
  epochs: 120,
  learningRate: 0.05,
  rho: 0.01,
  beta: 0.995,
  halfLife: 20,
  gradientTolerance: 3e-6,
});

// On MNIST, 100 pairs took 350 iterations to come where 30 pairs took 600.
const lbfgsMemory = 100;

/** Where one run stood after some epochs. */
export interface GapPoint {
  readonly epoch: number;
  readonly objective: number;
  /** (objective - optimum) / optimum. */
  readonly gap: number;
}

export interface ConvergenceRun {
  readonly title: string;
  readonly seconds: number;
  readonly points: readonly GapPoint[];
}

export interface ConvergenceStudy {
  readonly dataset: string;
  readonly settings: ConvergenceSettings;
  readonly images: number;
  readonly optimum: Omit<LbfgsResult, "x" | "gradient"> & {
    readonly seconds: number;
    /** Euclidean length of the gradient. */
    readonly gradientLength: number;
  };
  readonly runs: readonly ConvergenceRun[];
}

export interface ConvergenceOptions {
  /** Whose `l2` makes the objective strongly convex in the weights. */
  readonly workload: Workload;
  readonly dataset: ImageDataset;
  readonly settings?: Partial<ConvergenceSettings>;
  readonly seed?: number;
  readonly threads?: number | undefined;
  /** Is told in words how the study goes. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Measures how far SOFIM comes to the optimum of a convex workload with a constant step and with steps that fall. The
 * optimum is that of full-batch L-BFGS in float64.
 */
export async function studyConvergence(options: ConvergenceOptions): Promise<ConvergenceStudy> {
  const { workload, dataset, threads, onProgress = () => {} } = options;
  const settings = { ...convergenceSettings, ...options.settings };
  const set = await openDeviceImages(dataset.train, workload.normalization);
  const objective = compileFullObjective(workload, set, threads);
  try {
    const optimum = await findOptimum(workload, objective, settings, onProgress);
    const runs: ConvergenceRun[] = [];
    for (const [title, learningRate] of steps(settings, Math.floor(set.count / settings.batchSize))) {
      const optimizer = sofim({ learningRate, rho: settings.rho, beta: settings.beta });
      const run = await measureRun(title, optimizer, set, objective, optimum.value, { ...options, settings });
      runs.push(run);
    }
    return { dataset: dataset.name, settings, images: set.count, optimum, runs };
  } finally {
    await objective.dispose();
  }
}

/** The step sizes under study. */
function steps(settings: ConvergenceSettings, perEpoch: number): [title: string, rate: number | Schedule][] {
  const { learningRate, epochs, halfLife } = settings;
  const falling: Schedule = (count) =>
    np
      .reciprocal(
        count
          .astype(DType.Float32)
          .mul(1 / (halfLife * perEpoch))
          .add(1),
      )
      .mul(learningRate);
  return [
    ["constant", learningRate],
    ["falling as 1/t", falling],
    ["cosine to zero", cosineDecaySchedule(learningRate, epochs * perEpoch)],
  ];
}

async function findOptimum(
  { model }: Workload,
  objective: FullObjective,
  { gradientTolerance }: ConvergenceSettings,
  onProgress: (line: string) => void,
): Promise<ConvergenceStudy["optimum"]> {
  const started = performance.now();
  const zero = joinLeaves(tree.leaves<EngineArray>(toEngine(model.init({ uniform: () => 0 }))));
  const {
    x: _x,
    gradient,
    ...result
  } = await minimizeLbfgs(objective.evaluate, zero, {
    memory: lbfgsMemory,
    maxIterations: 5000,
    gradientTolerance,
    onIteration({ iteration, value, gradientNorm }) {
      if (iteration % 50 === 0) {
        onProgress(
          `L-BFGS, iteration ${iteration}: ${value.toFixed(8)}, gradient ${gradientNorm.toExponential(1)}`,
        );
      }
    },
  });
  const seconds = (performance.now() - started) / 1000;
  return { ...result, gradientLength: Math.hypot(...gradient), seconds };
}

async function measureRun(
  title: string,
  optimizer: GradientTransformation,
  set: DeviceImages,
  objective: FullObjective,
  optimum: number,
  {
    workload,
    settings,
    seed = 0,
    threads,
    onProgress,
  }: ConvergenceOptions & { settings: ConvergenceSettings },
): Promise<ConvergenceRun> {
  const random = new Random(seed);
  const trainStep = makeTrainStep(workload.model, workload.l2, optimizer);
  const step = jit(
    (
      params: ModelParams,
      state: ReturnType<typeof optimizer.init>,
      images: np.Array,
      labels: np.Array,
      at: np.Array,
    ) => trainStep(params, state, np.take(images, at.ref, 0), np.take(labels, at, 0)),
    { device: "cpu", ...(threads === undefined ? {} : { threads }) },
  );
  const weights = workload.model.init(new Random(random.uint32()));
  let state = toEngine(optimizer.init(tree.ref(weights)));
  let params = toEngine(weights);
  const order = indexRange(0, set.count);
  const points: GapPoint[] = [];
  let seconds = 0;
  for (let epoch = 1; epoch <= settings.epochs; epoch++) {
    const started = performance.now();
    random.shuffle(order);
    for (let from = 0; from + settings.batchSize <= set.count; from += settings.batchSize) {
      const at = engineArray(Int32Array.from(order.subarray(from, from + settings.batchSize)));
      [, params, state] = await step(params, state, set.images, set.labels, at);
    }
    seconds += (performance.now() - started) / 1000;
    if (!isMeasured(epoch, settings.epochs)) continue;
    const { value } = await objective.evaluate(joinLeaves(tree.leaves<EngineArray>(params)));
    points.push({ epoch, objective: value, gap: (value - optimum) / optimum });
    onProgress?.(
      `SOFIM, step ${title}, epoch ${epoch}: ${value.toFixed(8)}, gap ${points.at(-1)!.gap.toExponential(2)}`,
    );
  }
  await step.dispose();
  return { title, seconds, points };
}

/** About ten measurements for every doubling of the epochs, and the last epoch. */
function isMeasured(epoch: number, last: number): boolean {
  const mark = (n: number) => Math.floor(8 * Math.log2(n));
  return epoch === last || mark(epoch + 1) > mark(epoch);
}
