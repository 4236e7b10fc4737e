import { availableParallelism } from "node:os";
import { defaultDevice, init } from "@jax-js/jax";
import { InvalidArgumentError } from "sofim/core";
import { devicesPlans } from "./devices-plans.js";
import { runDevicesSuite } from "./devices-suite.js";
import { enginePlans } from "./engine-plans.js";
import { runEngineSuite } from "./engine-suite.js";
import type { SuiteReport } from "./format.js";
import { runMemorySuite } from "./memory-suite.js";
import { engineNetworkNames, type NetworkName, networkNames } from "./networks.js";
import { runOptimizerSuite } from "./optimizer-suite.js";
import { BenchProblem } from "./problem.js";
import { runTfjsSuite } from "./tfjs-suite.js";
import { findTorch } from "./torch-peer.js";
import { runUpdateSuite } from "./update-suite.js";

export const suiteNames = ["engine", "devices", "optimizers", "update", "memory", "tfjs"] as const;

export type SuiteName = (typeof suiteNames)[number];

export interface BenchOptions {
  readonly suites: readonly SuiteName[];
  /** Networks of the engine suite and of the devices suite; default: all that the suite has. */
  readonly networks?: readonly NetworkName[];
  /** Thread counts that the engine suite is run with, one after another. */
  readonly threads: readonly number[];
  /** Few rounds and small sizes: shows that the benchmark works, measures nothing. */
  readonly quick: boolean;
  /** Called when a contestant starts a turn. */
  readonly onTurn?: (contestant: string, round: number) => void;
  /** Called with each report when it is there. */
  readonly onReport?: (report: SuiteReport) => void;
}

const memoryPlans = {
  full: { steps: 10_000, every: 100, settleSteps: 500, cycles: 50, stepsPerCycle: 2, settleCycles: 10 },
  quick: { steps: 8, every: 2, settleSteps: 2, cycles: 4, stepsPerCycle: 1, settleCycles: 1 },
};
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

async function* eachSuite(options: BenchOptions): AsyncGenerator<SuiteReport> {
  const { suites, threads, quick, onTurn } = options;
  const tell = onTurn && { onTurn };
  if (suites.includes("engine")) yield* eachEngineReport(options);
  if (suites.includes("devices")) yield* eachDevicesReport(options);
  if (suites.includes("optimizers")) {
    const plan = quick
      ? { rounds: 2, steps: 1, warmUp: 0, slowRounds: 1 }
      : { rounds: 15, steps: 5, warmUp: 2, slowRounds: 5 };
    const problem = await BenchProblem.create("lenet5");
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
    const problem = await BenchProblem.create("lenet5");
    const plan = quick ? memoryPlans.quick : memoryPlans.full;
    const onSample = onTurn && { onSample: onTurn };
    yield await runMemorySuite(problem, { ...plan, threads: threads[0] ?? 1, ...onSample });
  }
  if (suites.includes("tfjs")) {
    yield await runTfjsSuite(quick ? { width: 8, rounds: 2, ...tell } : { width: 1024, rounds: 25, ...tell });
  }
}

/** Every network on every thread count: a network's are printed one after another. */
async function* eachEngineReport(options: BenchOptions): AsyncGenerator<SuiteReport> {
  const { suites, networks = engineNetworkNames, threads, quick } = options;
  const chosen = engineNetworkNames.filter((name) => networks.includes(name));
  if (chosen.length < new Set(networks).size && !suites.includes("devices")) {
    throw new InvalidArgumentError(
      "networks",
      networks.join(),
      `some of the engine suite's: ${engineNetworkNames}`,
    );
  }
  const python = findTorch();
  for (const network of chosen) {
    const problem = await BenchProblem.create(network);
    const { jaxRounds, ...plan } = enginePlans[quick ? "quick" : "full"][network];
    const tell = tellWith(problem.title, options);
    for (const count of threads) {
      const rounds = count === 1 ? jaxRounds : 0;
      yield await runEngineSuite(problem, { ...plan, threads: count, python, jaxRounds: rounds, ...tell });
    }
  }
}

/** Every network, what runs on a CPU with all threads that the process may use. */
async function* eachDevicesReport(options: BenchOptions): AsyncGenerator<SuiteReport> {
  const { networks = networkNames, quick } = options;
  const field = { python: findTorch(), threads: availableParallelism() };
  for (const network of networkNames.filter((name) => networks.includes(name))) {
    const problem = await BenchProblem.create(network);
    const plan = devicesPlans[quick ? "quick" : "full"][network];
    yield await runDevicesSuite(problem, { ...plan, ...field, ...tellWith(problem.title, options) });
  }
}

function tellWith(title: string, { onTurn }: BenchOptions): Pick<BenchOptions, "onTurn"> {
  if (onTurn === undefined) return {};
  return { onTurn: (name, round) => onTurn(`${title}: ${name}`, round) };
}
