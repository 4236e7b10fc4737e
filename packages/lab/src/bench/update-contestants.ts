import { type numpy as np, tree } from "@jax-js/jax";
import { adam, applyUpdates, type GradientTransformation, type OptState, sgd, sofim } from "sofim";
import { Sofim } from "sofim/core";
import { type EngineArray, engineArray, jit } from "sofim/ort";
import { PlainSgd, UnrolledAdam, UnrolledSgd } from "./plain-loops.js";
import type { Contestant } from "./rounds.js";

/** The updates that both runners have, SOFIM's first. */
export const engineUpdates = ["sofim", "sgd momentum", "adam"] as const;
export const arrayUpdates = [...engineUpdates, "sgd momentum, unrolled"] as const;

export type EngineUpdate = (typeof engineUpdates)[number];
export type UpdateName = (typeof arrayUpdates)[number];

/** What does the update: loops over typed arrays, or the engine running the optimizers for jax-js. */
export type Runner = "arrays" | "engine";

export interface UpdateContestant extends Contestant {
  readonly runner: Runner;
  readonly update: UpdateName;
  /** Bytes that a checkpoint must hold besides the weights. */
  readonly stateBytes: number;
  dispose(): Promise<void>;
}

interface ArrayUpdate {
  readonly step: (weights: Float32Array, gradient: Float32Array) => unknown;
  readonly stateBytes: number;
}

const loops: Readonly<Record<UpdateName, (size: number) => ArrayUpdate>> = {
  sofim: (size) => {
    const optimizer = new Sofim(size);
    const { moment, ...scalars } = optimizer.state();
    const stateBytes = moment.byteLength + Object.keys(scalars).length * Float64Array.BYTES_PER_ELEMENT;
    return { step: (weights, gradient) => optimizer.step(weights, gradient), stateBytes };
  },
  "sgd momentum": (size) => plainUpdate(new PlainSgd(size)),
  "sgd momentum, unrolled": (size) => plainUpdate(new UnrolledSgd(size)),
  adam: (size) => plainUpdate(new UnrolledAdam(size)),
};

function plainUpdate(optimizer: PlainSgd | UnrolledSgd | UnrolledAdam): ArrayUpdate {
  const { stateBytes } = optimizer;
  return { step: (weights, gradient) => optimizer.step(weights, gradient), stateBytes };
}

const transformations: Readonly<Record<EngineUpdate, () => GradientTransformation>> = {
  sofim: () => sofim({ learningRate: 0.1 }),
  "sgd momentum": () => sgd({ learningRate: 0.01, momentum: 0.9 }),
  adam: () => adam({ learningRate: 0.001 }),
};

/** The update in place, on arrays that all contestants share. */
export function updateOnArrays(
  update: UpdateName,
  weights: Float32Array,
  gradient: Float32Array,
): UpdateContestant {
  const { step, stateBytes } = loops[update](weights.length);
  return {
    runner: "arrays",
    update,
    name: `arrays, ${update}`,
    run: timed(async () => step(weights, gradient)),
    stateBytes,
    dispose: async () => {},
  };
}

/** Update and application as one graph on one thread of the engine; state and weights are arrays of its own. */
export async function updateOnEngine(
  update: EngineUpdate,
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
