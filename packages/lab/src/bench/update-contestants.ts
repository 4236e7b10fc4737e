import { type numpy as np, tree } from "@jax-js/jax";
import { adam, applyUpdates, type GradientTransformation, type OptState, sgd, sofim } from "sofim";
import { Sofim } from "sofim/core";
import { type EngineArray, engineArray, jit } from "sofim/ort";
import { PlainAdam, PlainSgd } from "./plain-loops.js";
import type { Contestant } from "./rounds.js";
import { median } from "./statistics.js";

export const updateNames = ["sofim", "sgd momentum", "adam"] as const;

export type UpdateName = (typeof updateNames)[number];

/** What does the update: loops over typed arrays, or the engine running the optimizers for jax-js. */
export type Runner = "arrays" | "engine";

export interface UpdateContestant extends Contestant {
  readonly runner: Runner;
  readonly update: UpdateName;
  /** Bytes kept from step to step besides the weights. */
  readonly stateBytes: number;
  dispose(): Promise<void>;
}

interface ArrayUpdate {
  step(weights: Float32Array, gradient: Float32Array): unknown;
}

const arrayUpdates: Readonly<Record<UpdateName, (size: number) => ArrayUpdate>> = {
  sofim: (size) => new Sofim(size),
  "sgd momentum": (size) => new PlainSgd(size),
  adam: (size) => new PlainAdam(size),
};

const transformations: Readonly<Record<UpdateName, () => GradientTransformation>> = {
  sofim: () => sofim({ learningRate: 0.1 }),
  "sgd momentum": () => sgd({ learningRate: 0.01, momentum: 0.9 }),
  adam: () => adam({ learningRate: 0.001 }),
};

/** The update in place; its state is what V8 books as new array memory. */
export function updateOnArrays(
  update: UpdateName,
  weights: Float32Array,
  gradient: Float32Array,
): UpdateContestant {
  const make = (): { optimizer: ArrayUpdate; bytes: number } => {
    const before = process.memoryUsage().arrayBuffers;
    const optimizer = arrayUpdates[update](weights.length);
    optimizer.step(weights, gradient);
    return { optimizer, bytes: process.memoryUsage().arrayBuffers - before };
  };
  // The median of three: a garbage collection in between lowers a single reading.
  const made = [make(), make(), make()];
  const { optimizer } = made[0]!;
  return {
    runner: "arrays",
    update,
    name: `arrays, ${update}`,
    run: timed(async () => optimizer.step(weights, gradient)),
    stateBytes: median(made.map(({ bytes }) => bytes)),
    dispose: async () => {},
  };
}

/** Update and application as one graph on one thread of the engine; state and weights are arrays of its own. */
export async function updateOnEngine(
  update: UpdateName,
  weights: Float32Array,
  gradient: Float32Array,
): Promise<UpdateContestant> {
  const optimizer = transformations[update]();
  const initialize = jit((params: np.Array) => optimizer.init(params), { threads: 1 });
  const step = jit(
    (params: np.Array, state: OptState, gradients: np.Array): [np.Array, OptState] => {
      const [updates, next] = optimizer.update(gradients, state, params.ref);
      return [applyUpdates(params, updates), next];
    },
    { threads: 1 },
  );
  const gradients = engineArray(gradient);
  let params = engineArray(weights);
  let state = await initialize(params);
  await initialize.dispose();
  const run = timed(async () => {
    [params, state] = await step(params, state, gradients);
  });
  return {
    runner: "engine",
    update,
    name: `engine, ${update}`,
    run,
    stateBytes: tree.leaves(state).reduce((sum, { size }: EngineArray) => sum + 4 * size, 0),
    dispose: () => step.dispose(),
  };
}

function timed(step: () => Promise<unknown>): Contestant["run"] {
  return async (steps) => {
    const milliseconds: number[] = [];
    for (let i = 0; i < steps; i++) {
      const start = performance.now();
      await step();
      milliseconds.push(performance.now() - start);
    }
    return { milliseconds, losses: [] };
  };
}
