import { median } from "../../statistics.js";
import { scoreTargets } from "../../train/score.js";
import type { Targets } from "../../workloads/workload.js";
import type { RunLine } from "../run-line.js";
import { finalValues, type Metric, metrics, valuesOf } from "./run-groups.js";

/**
 * The targets of a workload, by rule 3 of the protocol: the median over the reference's reporting runs of what each had
 * reached at its end.
 *
 * @param reference - reporting runs of the method that sets the targets
 * @returns undefined where there are none, or so many of them diverged that the median did
 */
export function setTargets(reference: readonly RunLine[]): Targets | undefined {
  if (reference.length === 0) return undefined;
  const finals = reference.map(finalValues);
  const middle = (metric: Metric) => median(finals.map((values) => values[metric]));
  const targets: Targets = {
    trainLoss: middle("trainLoss"),
    testLoss: middle("testLoss"),
    testAccuracy: middle("testAccuracy"),
  };
  return Number.isFinite(targets.trainLoss) && Number.isFinite(targets.testLoss) ? targets : undefined;
}

/** What a run had spent at the first evaluation that reached a target; all are infinite if none did. */
export interface Spent {
  readonly steps: number;
  /** CPU seconds, by rule 5. */
  readonly seconds: number;
}

/** What one run spent to reach each target. */
export function spentToTargets({ evaluations }: RunLine, targets: Targets): Readonly<Record<Metric, Spent>> {
  return scoreTargets(
    evaluations.map((evaluation) => ({
      step: evaluation.step,
      seconds: evaluation.seconds,
      ...valuesOf(evaluation),
    })),
    targets,
  );
}

/** One value for each metric. */
export function perMetric<T>(make: (metric: Metric) => T): Readonly<Record<Metric, T>> {
  return Object.fromEntries(metrics.map((metric) => [metric, make(metric)])) as Record<Metric, T>;
}
