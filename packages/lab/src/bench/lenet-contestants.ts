import { jit as jaxJit, numpy as np, tree } from "@jax-js/jax";
import type { GradientTransformation } from "sofim";
import { type Device, type EngineInfo, engineArray, jit } from "sofim/ort";
import { makeTrainStep } from "../train/session.js";
import type { LeNetProblem } from "./lenet-problem.js";
import type { Contestant } from "./rounds.js";

export interface EngineContestant extends Contestant {
  /** What compiling cost, once the first turn is over. */
  info(): EngineInfo;
  dispose(): Promise<void>;
}

/** LeNet-5 steps on the engine, with the step function that `train` uses. */
export function lenetOnEngine(
  name: string,
  problem: LeNetProblem,
  optimizer: GradientTransformation,
  threads: number,
  { refreshCurvature = true, device = "cpu" }: { refreshCurvature?: boolean; device?: Device } = {},
): EngineContestant {
  const step = jit(makeTrainStep(problem.model, 0, optimizer, refreshCurvature), { device, threads });
  const initial = problem.initialParams();
  const state = optimizer.init(tree.ref(initial));
  let advance = (...batch: ReturnType<typeof toEngine>) => step(initial, state, ...batch);
  const run = timedSteps(problem, async (host) => {
    const [loss, params, next] = await advance(...toEngine(host));
    advance = (...batch) => step(params, next, ...batch);
    return loss.item();
  });
  return { name, run, info: () => step.info(), dispose: () => step.dispose() };
}

/**
 * The same steps by jax-js's own compiler to WebAssembly; so slow that it takes part in few rounds.
 * Compiled when this returns.
 */
export async function lenetOnJaxJs(
  name: string,
  problem: LeNetProblem,
  optimizer: GradientTransformation,
  rounds: number,
): Promise<Contestant> {
  const step = jaxJit(makeTrainStep(problem.model, 0, optimizer));
  let params = problem.initialParams();
  let state = optimizer.init(tree.ref(params));
  tree.dispose(step(tree.ref(params), tree.ref(state), ...toJax(problem.batch(0))));
  const run = timedSteps(problem, async (host) => {
    const [loss, nextParams, nextState] = step(params, state, ...toJax(host));
    params = nextParams;
    state = nextState;
    return (await loss.data())[0]!;
  });
  return { name, rounds, run };
}

type HostBatch = ReturnType<LeNetProblem["batch"]>;

/** A contestant's `run`: goes on through the batches, timing each step until its loss is known. */
function timedSteps(problem: LeNetProblem, step: (batch: HostBatch) => Promise<number>): Contestant["run"] {
  let next = 0;
  return async (steps) => {
    const milliseconds: number[] = [];
    const losses: number[] = [];
    for (let i = 0; i < steps; i++) {
      const batch = problem.batch(next++);
      const start = performance.now();
      losses.push(await step(batch));
      milliseconds.push(performance.now() - start);
    }
    return { milliseconds, losses };
  };
}

function toEngine({ images, labels }: HostBatch) {
  return [engineArray(images, [labels.length, 1, 28, 28]), engineArray(labels)] as const;
}

function toJax({ images, labels }: HostBatch) {
  const x = np.array(images, { shape: [labels.length, 1, 28, 28] });
  return [x, np.array(labels, { dtype: np.int32 })] as const;
}
