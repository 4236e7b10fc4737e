import {
  constantSchedule,
  cosineDecaySchedule,
  joinSchedules,
  linearWarmupSchedule,
  partition,
  type Schedule,
  sofim,
} from "sofim";
import type { ImageDataset } from "../data/dataset.js";
import type { Workload } from "../workloads/workload.js";
import { openDeviceImages } from "./device-images.js";
import { compileFullObjective } from "./full-objective.js";
import { findOptimum, type Optimum } from "./optimum.js";
import { type GapPoint, measureRun, type Stage } from "./stages.js";

/** SOFIM's options in a stage of a run. */
export interface StageSettings {
  readonly learningRate: number;
  readonly rho: number;
  readonly beta: number;
}

export interface ConvergenceSettings {
  readonly batchSize: number;
  /** Passes of the runs that stay with batches. */
  readonly epochs: number;
  /** Passes with batches before the batch is all images. */
  readonly firstEpochs: number;
  /** Passes, and so steps, with all images. */
  readonly fullSteps: number;
  /** How many of these the step takes to grow to its size: the bias correction of a long memory makes first steps long. */
  readonly warmup: number;
  readonly batches: StageSettings;
  readonly full: StageSettings;
  /** At which L-BFGS stops; see `OptimumOptions`. */
  readonly gradientTolerance: number;
}

export const convergenceSettings: ConvergenceSettings = Object.freeze({
  batchSize: 500,
  epochs: 100,
  firstEpochs: 10,
  fullSteps: 1800,
  warmup: 400,
  batches: Object.freeze({ learningRate: 0.1, rho: 0.1, beta: 0.9 }),
  full: Object.freeze({ learningRate: 0.8, rho: 0.01, beta: 0.995 }),
  gradientTolerance: 1e-8,
});

/** The last share of the steps with all images in which their size falls to zero. */
const FALLING = 0.3;

/**
 * How much longer the steps of the biases are. Pixels that are the same in all images act as a bias too, and gradients
 * put most of it into their weights, which the penalty brings back only at the slowest rate that there is. Longer steps
 * put it where it is free.
 */
const BIAS_FACTOR = 50;

export interface ConvergenceRun {
  readonly title: string;
  readonly seconds: number;
  readonly points: readonly GapPoint[];
}

export interface ConvergenceStudy {
  readonly dataset: string;
  readonly settings: ConvergenceSettings;
  readonly images: number;
  readonly optimum: Optimum;
  readonly runs: readonly ConvergenceRun[];
  /** The gap of the last run, had it fallen by beta in every step with all images. */
  readonly predicted: readonly GapPoint[];
}

export interface ConvergenceOptions {
  /** Of one dense layer; its `l2` makes the objective strongly convex in the weights. */
  readonly workload: Workload;
  readonly dataset: ImageDataset;
  readonly settings?: Partial<ConvergenceSettings>;
  readonly seed?: number;
  readonly threads?: number | undefined;
  /** Is told in words how the study goes. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Measures how near SOFIM comes to the optimum of a convex workload, with batches and then with all images at once. The
 * optimum is that of full-batch L-BFGS in float64.
 */
export async function studyConvergence(options: ConvergenceOptions): Promise<ConvergenceStudy> {
  const { workload, dataset, seed = 0, threads, onProgress = () => {} } = options;
  const settings = { ...convergenceSettings, ...options.settings };
  const set = await openDeviceImages(dataset.train, workload.normalization);
  const objective = compileFullObjective(workload, set, threads);
  try {
    const { gradientTolerance } = settings;
    const optimum = await findOptimum(workload, set, objective, { gradientTolerance, threads, onProgress });
    const runs: ConvergenceRun[] = [];
    for (const [title, stages] of plannedRuns(settings, set.count)) {
      const context = { workload, set, objective, optimum: optimum.value, seed, threads, onProgress };
      runs.push({ title, ...(await measureRun(title, stages, context)) });
    }
    const predicted = predict(settings, runs.at(-1)!.points);
    return { dataset: dataset.name, settings, images: set.count, optimum, runs, predicted };
  } finally {
    await objective.dispose();
  }
}

function plannedRuns(settings: ConvergenceSettings, images: number): [title: string, stages: Stage[]][] {
  const { batchSize, epochs, firstEpochs, fullSteps, warmup, batches, full } = settings;
  const perEpoch = Math.floor(images / batchSize);
  const inBatches = (passes: number): Stage => ({
    batchSize,
    epochs: passes,
    optimizer: sofim({
      ...batches,
      learningRate: cosineDecaySchedule(batches.learningRate, passes * perEpoch),
    }),
  });
  const falling = Math.round(FALLING * fullSteps);
  const schedule = (learningRate: number): Schedule =>
    joinSchedules(
      [
        linearWarmupSchedule(learningRate, warmup),
        constantSchedule(learningRate),
        cosineDecaySchedule(learningRate, falling),
      ],
      [warmup, fullSteps - falling],
    );
  const all: Stage = {
    batchSize: images,
    epochs: fullSteps,
    optimizer: partition(
      {
        weight: sofim({ ...full, learningRate: schedule(full.learningRate) }),
        bias: sofim({ ...full, learningRate: schedule(BIAS_FACTOR * full.learningRate) }),
      },
      (path) => (path.at(-1) === "bias" ? "bias" : "weight"),
    ),
  };
  return [
    ["batches, constant step", [{ ...inBatches(epochs), optimizer: sofim(batches) }]],
    ["batches, cosine to zero", [inBatches(epochs)]],
    ["batches, then all images", [inBatches(firstEpochs), all]],
  ];
}

function predict(
  { firstEpochs, full }: ConvergenceSettings,
  points: readonly GapPoint[],
): readonly GapPoint[] {
  const start = points.find(({ epoch }) => epoch === firstEpochs);
  if (start === undefined) return [];
  return points
    .filter(({ epoch }) => epoch >= firstEpochs)
    .map(({ epoch }) => ({ epoch, gap: start.gap * full.beta ** (epoch - firstEpochs) }));
}
