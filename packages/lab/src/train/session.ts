import { defaultDevice, init, type JsTree, type numpy as np, tree } from "@jax-js/jax";
import {
  currentHyperparams,
  type GradientTransformation,
  readSofimDiagnostics,
  type SofimDiagnostics,
  type TrainingStep,
  trainingStep,
} from "sofim";
import { InvalidArgumentError } from "sofim/core";
import { type ArrayData, type EngineArray, engineArray, jit, type WithLeaves } from "sofim/ort";
import { Random } from "../data/random.js";
import {
  type AnyModel,
  isNormalized,
  type ModelParams,
  type Statistics,
  type UniformSource,
} from "../models/index.js";
import type { Batch } from "./batches.js";
import type { Predict } from "./evaluate.js";
import { initStatistics, makeMeasuringStep } from "./measuring-step.js";
import { makeObjective } from "./objective.js";

/** A model in training: its parameters, running statistics and optimizer state live in the engine and move by `step`. */
export interface Session {
  readonly device: string;
  readonly threads: number;
  /** Time to trace, lower and run step and prediction once each. */
  readonly compileSeconds: number;
  /** Takes one optimizer step; returns the objective of the batch before it. */
  step(batch: Batch, learningRate: number): Promise<number>;
  readonly predict: Predict;
  /** Reads out of the optimizer's state what can be read. */
  inspect(): Promise<OptimizerReadings>;
  /**
   * Starts another run without compiling anything: fresh weights, and the state that `optimizer` begins with. The two
   * optimizers may differ in nothing but what they hold in their state (see {@link tracedOptions}).
   */
  restart(optimizer: GradientTransformation, weights: UniformSource): void;
  dispose(): Promise<void>;
}

/** What an optimizer's state tells about its last step. */
export interface OptimizerReadings {
  /** By name, as `currentHyperparams` has them. */
  readonly hyperparams: Readonly<Record<string, number>>;
  /** Where the optimizer keeps them. */
  readonly diagnostics?: SofimDiagnostics;
}

export interface SessionOptions {
  readonly model: AnyModel;
  /** See `Workload.l2`. */
  readonly objectiveL2: number;
  /** Holds its hyperparameters in its state, as those of `injectHyperparams` do. */
  readonly optimizer: GradientTransformation;
  /** Steps from one refresh of the optimizer's curvature to the next; see `ExtraArgs.refreshCurvature`. Default 1. */
  readonly refreshEvery?: number | undefined;
  /** Draws the initial weights. */
  readonly weights: UniformSource;
  readonly batchSize: number;
  readonly threads?: number | undefined;
}

/**
 * Draws the initial weights, compiles one training step (gradient and update together) and one prediction,
 * and runs each once on throw-away inputs, so that no later call compiles.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { model, optimizer, refreshEvery = 1, batchSize, threads } = options;
  await init("wasm");
  defaultDevice("wasm");

  const begin = (from: GradientTransformation, weights: UniformSource) => {
    const initial = model.init(weights);
    return {
      state: toEngine(from.init(tree.ref(initial))),
      params: toEngine(initial),
      running: toEngine(initStatistics(model)),
    };
  };
  let { state, params, running } = begin(optimizer, options.weights);

  const engine = { device: "cpu", ...(threads === undefined ? {} : { threads }) } as const;
  const compile = (refresh: boolean) =>
    jit(makeMeasuringStep(model, options.objectiveL2, optimizer, refresh), { ...engine, donate: [0, 1, 2] });
  // A graph has no branches: a step that keeps the curvature is another graph.
  const refreshing = compile(true);
  const keeping = refreshEvery > 1 ? compile(false) : refreshing;
  const logits = jit(
    (p: ModelParams, statistics: Statistics, x: np.Array) =>
      isNormalized(model) ? model.apply(p, statistics, x) : model.apply(p, x),
    engine,
  );
  const toImages = (images: Float32Array): EngineArray =>
    engineArray(images, [batchSize, ...model.inputShape]);

  const predict: Predict = async (images) => (await logits(params, running, toImages(images))).data();
  const started = performance.now();
  // Other arrays of the same elements are donated, so the run stays where it is.
  const lend = <T extends JsTree<EngineArray>>(arrays: T): T =>
    tree.map((array: EngineArray) => engineArray(array.dataSync(), array.shape), arrays) as T;
  const blank = new Float32Array(batchSize * model.inputShape.reduce((product, dim) => product * dim, 1));
  const blankLabels = new Int32Array(batchSize);
  for (const step of new Set([refreshing, keeping])) {
    await step(
      lend(params),
      lend(state),
      lend(running),
      toImages(blank),
      engineArray(blankLabels, [batchSize]),
    );
  }
  await predict(blank);
  const compileSeconds = (performance.now() - started) / 1000;
  const info = refreshing.info();
  let steps = 0;

  return {
    device: info.device,
    threads: info.threads,
    compileSeconds,
    async step({ images, labels }, learningRate) {
      const trainStep = steps++ % refreshEvery === 0 ? refreshing : keeping;
      const [loss, nextParams, nextState, nextRunning] = await trainStep(
        params,
        withLearningRate(state, learningRate),
        running,
        toImages(images),
        engineArray(labels, [batchSize]),
      );
      params = nextParams;
      state = nextState;
      running = nextRunning;
      return (await loss.data())[0]!;
    },
    predict,
    async inspect() {
      const diagnostics = await readSofimDiagnostics(state);
      return { hyperparams: currentHyperparams(state), ...(diagnostics && { diagnostics }) };
    },
    restart(other, weights) {
      ({ state, params, running } = begin(other, weights));
      steps = 0;
    },
    async dispose() {
      for (const step of new Set([refreshing, keeping])) await step.dispose();
      await logits.dispose();
    },
  };
}

/** The options that `optimizer` holds in its state, by name: those that a step compiled for `model` takes as they come. */
export function tracedOptions(optimizer: GradientTransformation, model: AnyModel): string[] {
  const state = optimizer.init(model.init(new Random(0)));
  const { hyperparams } = injected(state);
  tree.dispose(state);
  return Object.keys(hyperparams);
}

function withLearningRate<State>(state: State, learningRate: number): State {
  const { hyperparams, inner } = injected(state);
  const rate = engineArray(Float32Array.of(learningRate), []);
  return { hyperparams: { ...hyperparams, learningRate: rate }, inner } as State;
}

function injected(state: unknown): { readonly hyperparams: object; readonly inner: unknown } {
  if (typeof state === "object" && state !== null && "hyperparams" in state && "inner" in state) {
    const { hyperparams, inner } = state;
    if (typeof hyperparams === "object" && hyperparams !== null) return { hyperparams, inner };
  }
  throw new InvalidArgumentError("optimizer", state, "one that injectHyperparams made");
}

/** One step of `optimizer` on the model's objective, as a function of arrays that an engine can trace. */
export function makeTrainStep(
  model: AnyModel,
  l2: number,
  optimizer: GradientTransformation,
  refreshCurvature = true,
): TrainingStep<ModelParams, [images: np.Array, labels: np.Array]> {
  return trainingStep(makeObjective(model, l2), optimizer, { refreshCurvature });
}

/** The same tree held by the engine; the jax-js arrays are consumed. */
export function toEngine<T extends JsTree<np.Array>>(arrays: T): WithLeaves<T, EngineArray> {
  const move = (array: np.Array): EngineArray => {
    const shape = [...array.shape];
    return engineArray(array.dataSync() as ArrayData, shape);
  };
  return tree.map(move, arrays) as unknown as WithLeaves<T, EngineArray>;
}
