import { numpy as np, tree } from "@jax-js/jax";
import type { GradientTransformation, OptState } from "sofim";
import { type EngineArray, engineArray, jit } from "sofim/ort";
import { Random } from "../data/random.js";
import type { ModelParams } from "../models/index.js";
import { makeTrainStep, toEngine } from "../train/session.js";
import type { Workload } from "../workloads/workload.js";
import { type DeviceImages, indexRange } from "./device-images.js";
import { type FullObjective, joinLeaves } from "./full-objective.js";

/** Part of a run with one batch size and one optimizer. */
export interface Stage {
  /** Images per step; the number of images means all of them, in their own order. */
  readonly batchSize: number;
  readonly epochs: number;
  readonly optimizer: GradientTransformation;
}

/** Where one run stood after some epochs. */
export interface GapPoint {
  readonly epoch: number;
  /** (objective - optimum) / optimum. */
  readonly gap: number;
}

export interface RunContext {
  readonly workload: Workload;
  readonly set: DeviceImages;
  readonly objective: FullObjective;
  /** The least value of the objective. */
  readonly optimum: number;
  readonly seed: number;
  readonly threads: number | undefined;
  readonly onProgress: (line: string) => void;
}

type Weights = ReturnType<typeof toEngine<ModelParams>>;

/** Runs the stages one after another from weights drawn by the seed, and measures the gap on the way. */
export async function measureRun(
  title: string,
  stages: readonly Stage[],
  context: RunContext,
): Promise<{ seconds: number; points: GapPoint[] }> {
  const { workload, objective, optimum, seed, onProgress } = context;
  const random = new Random(seed);
  let weights = toEngine(workload.model.init(new Random(random.uint32())));
  const points: GapPoint[] = [];
  let [seconds, before] = [0, 0];
  for (const stage of stages) {
    const epochs = openStage(stage, weights, random, context);
    for (let epoch = 1; epoch <= stage.epochs; epoch++) {
      const started = performance.now();
      weights = await epochs.run();
      seconds += (performance.now() - started) / 1000;
      if (!isMeasured(before + epoch) && epoch !== stage.epochs) continue;
      const { value } = await objective.evaluate(joinLeaves(tree.leaves<EngineArray>(weights)));
      const gap = (value - optimum) / optimum;
      points.push({ epoch: before + epoch, gap });
      onProgress(`${title}, epoch ${before + epoch}: ${value.toFixed(8)}, gap ${gap.toExponential(2)}`);
    }
    await epochs.dispose();
    before += stage.epochs;
  }
  return { seconds, points };
}

/** Compiles a stage; `run` takes it through one epoch and returns the weights after it. */
function openStage(stage: Stage, start: Weights, random: Random, { workload, set, threads }: RunContext) {
  const { batchSize, optimizer } = stage;
  const trainStep = makeTrainStep(workload.model, workload.l2, optimizer);
  const engine = { device: "cpu", ...(threads === undefined ? {} : { threads }) } as const;
  const ofAll = jit(trainStep, engine);
  const ofBatch = jit(
    (params: ModelParams, state: OptState, images: np.Array, labels: np.Array, at: np.Array) =>
      trainStep(params, state, np.take(images, at.ref, 0), np.take(labels, at, 0)),
    engine,
  );
  let params = start;
  // A state holds nothing of the weights but their shapes.
  let state = toEngine(optimizer.init(workload.model.init({ uniform: () => 0 })));
  const order = indexRange(0, set.count);
  return {
    async run(): Promise<Weights> {
      if (batchSize === set.count) {
        [, params, state] = await ofAll(params, state, set.images, set.labels);
        return params;
      }
      random.shuffle(order);
      for (let from = 0; from + batchSize <= set.count; from += batchSize) {
        const at = engineArray(Int32Array.from(order.subarray(from, from + batchSize)));
        [, params, state] = await ofBatch(params, state, set.images, set.labels, at);
      }
      return params;
    },
    async dispose() {
      await ofAll.dispose();
      await ofBatch.dispose();
    },
  };
}

/** About ten measurements for every doubling of the epochs. */
function isMeasured(epoch: number): boolean {
  const mark = (n: number) => Math.floor(8 * Math.log2(n));
  return mark(epoch + 1) > mark(epoch);
}
