import type { GradientTransformation } from "sofim";
import { Random } from "../data/index.js";
import { type Estimate, median, pairedRatio } from "../statistics.js";
import { countStepCalls, type StepCalls } from "../train/step-calls.js";
import { optimizerNames, optimizers } from "../workloads/optimizers.js";
import { findWorkload } from "../workloads/workloads.js";
import { type EngineContestant, stepsOnEngine } from "./contestants.js";
import type { BenchProblem } from "./problem.js";
import { type RoundsOptions, roundMedians, takeTurns } from "./rounds.js";

export interface OptimizerRow {
  readonly name: string;
  /** Gradients per step, the step's own among them. */
  readonly gradients: number;
  /** Hessian-vector products per step. */
  readonly products: number;
  readonly millisecondsPerStep: number;
  /** Time relative to SGD with momentum, paired by rounds. */
  readonly relative: Estimate;
}

export interface OptimizersReport {
  readonly suite: "optimizers";
  readonly threads: number;
  readonly rows: readonly OptimizerRow[];
}

export interface OptimizersOptions extends RoundsOptions {
  readonly threads: number;
  /** Rounds that steps with several Hessian-vector products take part in, one step each. */
  readonly slowRounds: number;
}

interface Entrant {
  readonly name: string;
  readonly optimizer: GradientTransformation;
  readonly refresh: boolean;
  readonly calls: StepCalls;
}

const reference = "sgd";

/** Times the training step of every optimizer, with its options for LeNet-5 on MNIST, in turns with SGD's. */
export async function runOptimizerSuite(
  problem: BenchProblem,
  options: OptimizersOptions,
): Promise<OptimizersReport> {
  const { threads, slowRounds } = options;
  const entrants = listEntrants();
  const engine: EngineContestant[] = entrants.map(({ name, optimizer, refresh, calls }) => ({
    ...stepsOnEngine(name, problem, optimizer, threads, { refreshCurvature: refresh }),
    ...(calls.products > 1 && { rounds: slowRounds }),
  }));
  try {
    // Compiles: slow contestants have no steps to warm up.
    for (const contestant of engine) await contestant.run(1);
    const turns = await takeTurns(engine, options);
    const base = roundMedians(turns.get(reference)!);
    const rows = entrants.map(({ name, calls }): OptimizerRow => {
      const own = roundMedians(turns.get(name)!);
      const relative = pairedRatio(own, base.slice(0, own.length), new Random(1));
      return { name, ...calls, millisecondsPerStep: median(own), relative };
    });
    return { suite: "optimizers", threads, rows };
  } finally {
    await Promise.all(engine.map((contestant) => contestant.dispose()));
  }
}

/** One per optimizer, and SOFIM with a window; two, refreshing and keeping the curvature, where options say to keep it. */
function listEntrants(): Entrant[] {
  const workload = findWorkload("mnist-lenet5");
  return optimizerNames.flatMap((name) => {
    const given = workload.optimizers[name];
    const make = (label: string, refresh: boolean, more = {}): Entrant => {
      const optimizer = optimizers[name].create({ ...given, ...more });
      return { name: label, optimizer, refresh, calls: countStepCalls(optimizer, refresh) };
    };
    if (name === "sofim") return [make(name, true), make("sofim, window of 32", true, { window: 32 })];
    if (optimizers[name].refreshEvery(given) === 1) return [make(name, true)];
    return [make(`${name}, refreshing`, true), make(`${name}, keeping`, false)];
  });
}
