import type { Targets } from "../workloads/workload.js";
import type { Evaluation } from "./result.js";

/** When a target was first reached; both are Infinity when it never was. */
export interface TargetScore {
  readonly steps: number;
  readonly seconds: number;
}

/** One score for each of a workload's targets. */
export type TargetScores = Readonly<Record<keyof Targets, TargetScore>>;

const missed: TargetScore = Object.freeze({ steps: Infinity, seconds: Infinity });

/**
 * Finds the first evaluation at which each target was reached.
 *
 * A loss reaches its target at or below it, an accuracy at or above it. NaN reaches nothing. A missed
 * target counts as infinitely many steps and seconds, never as the last step taken.
 *
 * @param evaluations - in the order they were made
 * @param targets - the workload's
 * @example
 * ```ts
 * import { scoreTargets } from "@sofim/lab";
 * const curve = [
 *   { step: 10, seconds: 1, trainLoss: 0.9, testLoss: 0.8, testAccuracy: 0.7 },
 *   { step: 20, seconds: 2, trainLoss: 0.4, testLoss: 0.5, testAccuracy: 0.9 },
 * ];
 * const scores = scoreTargets(curve, { trainLoss: 0.5, testLoss: 0.1, testAccuracy: 0.9 });
 * if (scores.trainLoss.steps !== 20 || scores.testLoss.steps !== Infinity) throw new Error("scores");
 * ```
 */
export function scoreTargets(evaluations: readonly Evaluation[], targets: Targets): TargetScores {
  const first = (reached: (evaluation: Evaluation) => boolean): TargetScore => {
    const found = evaluations.find(reached);
    return found === undefined ? missed : { steps: found.step, seconds: found.seconds };
  };
  return {
    trainLoss: first(({ trainLoss }) => trainLoss <= targets.trainLoss),
    testLoss: first(({ testLoss }) => testLoss <= targets.testLoss),
    testAccuracy: first(({ testAccuracy }) => testAccuracy >= targets.testAccuracy),
  };
}
