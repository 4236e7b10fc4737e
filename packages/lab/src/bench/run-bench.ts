import { defaultDevice, init } from "@jax-js/jax";
import { runEngineSuite } from "./engine-suite.js";
import type { SuiteReport } from "./format.js";
import { LeNetProblem } from "./lenet-problem.js";
import { runMemorySuite } from "./memory-suite.js";
import { runOptimizerSuite } from "./optimizer-suite.js";
import { runTfjsSuite } from "./tfjs-suite.js";
import { findTorch } from "./torch-peer.js";
import { runUpdateSuite } from "./update-suite.js";

export const suiteNames = ["engine", "optimizers", "update", "memory", "tfjs"] as const;

export type SuiteName = (typeof suiteNames)[number];

export interface BenchOptions {
  readonly suites: readonly SuiteName[];
  /** Thread counts that the engine suite is run with, one after another. */
  readonly threads: readonly number[];
  /** Few rounds and small sizes: shows that the benchmark works, measures nothing. */
  readonly quick: boolean;
  /** Called when a contestant starts a turn. */
  readonly onTurn?: (contestant: string, round: number) => void;
  /** Called with each report when it is there. */
  readonly onReport?: (report: SuiteReport) => void;
}

const sizes = { full: [1e5, 1e6, 1e7, 3e7], quick: [1e3, 1e4] };

/** Runs the chosen suites one after another in this process. */
export async function runBench(options: BenchOptions): Promise<SuiteReport[]> {
  await init("wasm");
  defaultDevice("wasm");
  const reports: SuiteReport[] = [];
  for await (const report of eachSuite(options)) {
    reports.push(report);
    options.onReport?.(report);
  }
  return reports;
}

async function* eachSuite({ suites, threads, quick, onTurn }: BenchOptions): AsyncGenerator<SuiteReport> {
  const tell = onTurn && { onTurn };
  const problem = await LeNetProblem.create();
  if (suites.includes("engine")) {
    const python = findTorch();
    const plan = quick ? { rounds: 2, steps: 2, warmUp: 1 } : { rounds: 25, steps: 10, warmUp: 3 };
    for (const count of threads) {
      // jax-js has one thread and takes seconds per step, so it is timed once, beside one thread of ours.
      const jaxRounds = count === 1 ? (quick ? 1 : 3) : 0;
      yield await runEngineSuite(problem, { ...plan, threads: count, python, jaxRounds, ...tell });
    }
  }
  if (suites.includes("optimizers")) {
    const plan = quick
      ? { rounds: 2, steps: 1, warmUp: 0, slowRounds: 1 }
      : { rounds: 15, steps: 5, warmUp: 2, slowRounds: 5 };
    yield await runOptimizerSuite(problem, { ...plan, threads: threads[0] ?? 1, ...tell });
  }
  if (suites.includes("update")) {
    yield await runUpdateSuite({
      sizes: quick ? sizes.quick : sizes.full,
      rounds: quick ? 2 : 15,
      ...tell,
    });
  }
  if (suites.includes("memory")) {
    const plan = quick ? { steps: 8, every: 2, settle: 2 } : { steps: 2000, every: 100, settle: 500 };
    const onSample = (step: number): void => onTurn?.("memory", step);
    yield await runMemorySuite(problem, { ...plan, threads: threads[0] ?? 1, onSample });
  }
  if (suites.includes("tfjs")) {
    yield await runTfjsSuite(quick ? { width: 8, rounds: 2, ...tell } : { width: 1024, rounds: 25, ...tell });
  }
}
