import type { Targets } from "../../workloads/workload.js";
import { pickWinner } from "../plan.js";
import type { Results } from "../results-file.js";
import type { RunEvaluation, RunLine } from "../run-line.js";

/** The three values that a run is followed by and that targets are set for. */
export type Metric = keyof Targets;

export const metrics = Object.freeze(["trainLoss", "testLoss", "testAccuracy"] as const satisfies Metric[]);

/** All runs of one method on one workload. */
export interface RunGroup {
  /** By trial. */
  readonly tuning: readonly RunLine[];
  /** The best trial, once all trials are done and if one of them did not diverge. */
  readonly winner: RunLine | undefined;
  /** In the protocol's order of seeds. */
  readonly reporting: readonly RunLine[];
}

/** Picks out the runs of one method on one workload. */
export function groupRuns({ protocol, runs }: Results, workload: string, method: string): RunGroup {
  const own = runs.filter((run) => run.workload === workload && run.method === method);
  const tuning = own.filter(({ phase }) => phase === "tuning").sort((a, b) => a.trial - b.trial);
  return {
    tuning,
    winner: tuning.length === protocol.trials ? pickWinner(tuning) : undefined,
    reporting: protocol.reportingSeeds.flatMap((seed) =>
      own.filter((run) => run.phase === "reporting" && run.seed === seed),
    ),
  };
}

/**
 * What a reporting run had reached at its end. One that diverged, or ended with a value that is not a number, counts as
 * the worst there is: an infinite loss, no image right.
 */
export function finalValues({ status, evaluations }: RunLine): Targets {
  const last = evaluations.at(-1);
  return status === "diverged" || last === undefined ? worstValues : valuesOf(last);
}

export const worstValues: Targets = Object.freeze({
  trainLoss: Infinity,
  testLoss: Infinity,
  testAccuracy: 0,
});

/** The values of one evaluation of a reporting run; what is not a number counts as the worst there is. */
export function valuesOf({ trainLoss, loss, accuracy }: RunEvaluation): Targets {
  const orWorst = (value: number, metric: Metric) => (Number.isNaN(value) ? worstValues[metric] : value);
  return {
    trainLoss: orWorst(trainLoss, "trainLoss"),
    testLoss: orWorst(loss, "testLoss"),
    testAccuracy: orWorst(accuracy, "testAccuracy"),
  };
}
