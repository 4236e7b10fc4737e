import type { Estimate } from "../../statistics.js";
import type { Targets } from "../../workloads/workload.js";
import type { RunLine } from "../run-line.js";
import { estimate, scaled } from "./estimates.js";
import type { Metric } from "./run-groups.js";
import { perMetric, spentToTargets } from "./targets.js";

/** What a target can cost. */
export type Cost = "steps" | "epochs" | "seconds" | "gradientEquivalents";

/** What a method needs to reach a target: medians over its reporting runs, a run that missed it counting as infinite. */
export interface TimeToTarget extends Readonly<Record<Cost, Estimate>> {
  /** Reporting runs that reached it. */
  readonly reached: number;
}

/** What a method's reporting runs need for each target. */
export function timeToTargets(
  reporting: readonly RunLine[],
  targets: Targets,
): Readonly<Record<Metric, TimeToTarget>> {
  const spent = reporting.map((run) => spentToTargets(run, targets));
  // The same for every run of a method on a workload.
  const { stepsPerEpoch, gradientEquivalents } = reporting[0]!;
  return perMetric((metric) => {
    const steps = estimate(spent.map((targets) => targets[metric].steps));
    return {
      steps,
      epochs: scaled(steps, 1 / stepsPerEpoch),
      seconds: estimate(spent.map((targets) => targets[metric].seconds)),
      gradientEquivalents: scaled(steps, gradientEquivalents),
      reached: spent.filter((targets) => targets[metric].steps < Infinity).length,
    };
  });
}
