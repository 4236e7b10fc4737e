import { type JsTree, jit as jaxJit, numpy as np, tree } from "@jax-js/jax";
import type { GradientTransformation } from "sofim";
import { type Device, type EngineArray, type EngineInfo, engineArray, jit } from "sofim/ort";
import { initStatistics, makeMeasuringStep } from "../train/measuring-step.js";
import { toEngine } from "../train/session.js";
import { cutBatches, type EngineBatch } from "./engine-batches.js";
import { type BenchProblem, batchCount, type HostBatch } from "./problem.js";
import type { Contestant } from "./rounds.js";

export interface EngineContestant extends Contestant {
  /** What compiling cost, once the first turn is over; if renewed since, the first time. */
  info(): EngineInfo;
  /** Copies weights, optimizer state and running statistics to the host's memory; returns how many bytes they are. */
  readState(): Promise<number>;
  dispose(): Promise<void>;
}

/** Steps on the engine, with the step function that `train` uses. */
export function stepsOnEngine(
  name: string,
  problem: BenchProblem,
  optimizer: GradientTransformation,
  threads: number,
  { refreshCurvature = true, device = "cpu" }: { refreshCurvature?: boolean; device?: Device } = {},
): EngineContestant {
  const measuring = makeMeasuringStep(problem.model, 0, optimizer, refreshCurvature);
  // As in `train`, and as PyTorch, which updates in place.
  const compile = () => jit(measuring, { device, threads, donate: [0, 1, 2] });
  const first = compile();
  let step = first;
  const initial = problem.initialParams();
  let state = toEngine(optimizer.init(tree.ref(initial)));
  let params = toEngine(initial);
  let running = toEngine(initStatistics(problem.model));
  let batches: Promise<readonly EngineBatch[]> | undefined;
  const batchAt = async (index: number) => {
    batches ??= cutBatches(problem, device);
    return (await batches)[index % batchCount]!;
  };
  const run = timedSteps(batchAt, async ([images, labels]) => {
    const [loss, ...next] = await step(params, state, running, images, labels);
    [params, state, running] = next;
    return (await loss.data())[0]!;
  });
  const readState = async (): Promise<number> => {
    let bytes = 0;
    for (const leaf of tree.leaves([params, state, running]) as EngineArray[]) {
      bytes += (await leaf.data()).slice().byteLength;
    }
    return bytes;
  };
  const renew = async (): Promise<void> => {
    await step.dispose();
    step = compile();
    [params, state, running] = await copyOf([params, state, running]);
  };
  return { name, run, renew, readState, info: () => first.info(), dispose: () => step.dispose() };
}

/** The same trees of arrays in new memory of the host's. */
async function copyOf<T>(arrays: T): Promise<T> {
  const leaves = tree.leaves(arrays as JsTree<EngineArray>) as EngineArray[];
  const copies = leaves.map(async (leaf) => engineArray((await leaf.data()).slice(), leaf.shape));
  return tree.unflatten(tree.structure(arrays as JsTree<EngineArray>), await Promise.all(copies)) as T;
}

/**
 * The same steps by jax-js's own compiler to WebAssembly; so slow that it takes part in few rounds.
 * Compiled when this returns.
 */
export async function stepsOnJaxJs(
  name: string,
  problem: BenchProblem,
  optimizer: GradientTransformation,
  rounds: number,
): Promise<Contestant> {
  const step = jaxJit(makeMeasuringStep(problem.model, 0, optimizer, true));
  const toBatch = ({ images, labels }: HostBatch) =>
    [
      np.array(images, { shape: [labels.length, ...problem.model.inputShape] }),
      np.array(labels, { dtype: np.int32 }),
    ] as const;
  let params = problem.initialParams();
  let state = optimizer.init(tree.ref(params));
  let running = initStatistics(problem.model);
  tree.dispose(step(tree.ref(params), tree.ref(state), tree.ref(running), ...toBatch(problem.batch(0))));
  // It consumes its arguments: every step has arrays of its own.
  const run = timedSteps(
    (index) => problem.batch(index),
    async (host) => {
      const [loss, ...next] = step(params, state, running, ...toBatch(host));
      [params, state, running] = next;
      return (await loss.data())[0]!;
    },
  );
  return { name, rounds, run };
}

/** A contestant's `run`: goes on through the batches, timing each step until its loss is known. */
function timedSteps<Batch>(
  batchAt: (index: number) => Batch | Promise<Batch>,
  step: (batch: Batch) => Promise<number>,
): Contestant["run"] {
  let next = 0;
  return async (steps) => {
    const milliseconds: number[] = [];
    const losses: number[] = [];
    for (let i = 0; i < steps; i++) {
      const batch = await batchAt(next++);
      const start = performance.now();
      losses.push(await step(batch));
      milliseconds.push(performance.now() - start);
    }
    return { milliseconds, losses };
  };
}
