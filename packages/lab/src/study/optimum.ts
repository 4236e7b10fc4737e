import { type LbfgsResult, minimizeLbfgs } from "sofim/core";
import type { Workload } from "../workloads/workload.js";
import type { DeviceImages } from "./device-images.js";
import type { FullObjective } from "./full-objective.js";
import { secondMoments, Whitening } from "./whitening.js";

const MEMORY = 50;
const MAX_ITERATIONS = 3000;

/** What full-batch L-BFGS found. Gradients are those by the weights. */
export interface Optimum extends Pick<LbfgsResult, "status" | "value" | "iterations" | "evaluations"> {
  /** The largest absolute gradient component. */
  readonly gradientNorm: number;
  readonly seconds: number;
}

export interface OptimumOptions {
  /** Largest gradient component, by the whitened variables, at which L-BFGS stops. */
  readonly gradientTolerance: number;
  readonly threads?: number | undefined;
  readonly onProgress: (line: string) => void;
}

/** Minimizes the objective of a workload with one dense layer by full-batch L-BFGS in float64, from zero. */
export async function findOptimum(
  { model, l2 }: Workload,
  set: DeviceImages,
  objective: FullObjective,
  { gradientTolerance, threads, onProgress }: OptimumOptions,
): Promise<Optimum> {
  const started = performance.now();
  const whitening = new Whitening(await secondMoments(set, threads), model.classes, l2);
  let gradientNorm = Number.NaN;
  const evaluate = async (u: Float64Array) => {
    const { value, gradient } = await objective.evaluate(whitening.toWeights(u));
    gradientNorm = gradient.reduce((largest, g) => Math.max(largest, Math.abs(g)), 0);
    return { value, gradient: whitening.toGradient(gradient) };
  };
  const pixels = model.inputShape.reduce((product, dim) => product * dim, 1);
  const zero = new Float64Array((pixels + 1) * model.classes);
  const { status, x, value, iterations, evaluations } = await minimizeLbfgs(evaluate, zero, {
    memory: MEMORY,
    maxIterations: MAX_ITERATIONS,
    gradientTolerance,
    onIteration(at) {
      if (at.iteration % 50 !== 0) return;
      onProgress(
        `L-BFGS, iteration ${at.iteration}: ${at.value.toFixed(9)}, gradient ${short(gradientNorm)}`,
      );
    },
  });
  await evaluate(x);
  onProgress(`L-BFGS ${status}: ${value.toFixed(9)}, gradient ${short(gradientNorm)}`);
  return {
    status,
    value,
    iterations,
    evaluations,
    gradientNorm,
    seconds: (performance.now() - started) / 1000,
  };
}

const short = (x: number): string => x.toExponential(1);
