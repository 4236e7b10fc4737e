import type { MethodName } from "../methods.js";
import { finalLoss } from "../plan.js";
import type { RunLine } from "../run-line.js";
import type { Scores } from "./score-results.js";

/** One trial of a method on all the workloads that it ran on. */
export interface SharedSetting {
  readonly trial: number;
  readonly options: RunLine["options"];
  /** By workload, in the protocol's order: validation loss at the end, infinite where the run diverged. */
  readonly losses: ReadonlyMap<string, number>;
  /** The largest ratio of such a loss to the least one of the method's trials on the same workload; at least 1. */
  readonly worstRatio: number;
}

/**
 * The trials of a method as settings for all its workloads at once, the best one first: the one that loses least where it
 * loses most, against trials tuned to each workload. A trial has the same options on every workload.
 *
 * @returns nothing unless all trials are done on every workload of the method
 */
export function rankSharedSettings({ protocol, workloads }: Scores, method: MethodName): SharedSetting[] {
  const groups = workloads.flatMap(({ budget, methods }) => {
    const score = methods.find((candidate) => candidate.method === method);
    return score === undefined ? [] : [{ workload: budget.workload, tuning: score.tuning }];
  });
  if (groups.length === 0 || groups.some(({ tuning }) => tuning.length < protocol.trials)) return [];
  const least = groups.map(({ tuning }) => Math.min(...tuning.map(finalLoss)));
  return groups[0]!.tuning
    .map(({ trial, options }, i): SharedSetting => {
      const losses = groups.map(({ tuning }) => finalLoss(tuning[i]!));
      const ratios = losses.map((loss, w) => (loss === Infinity ? Infinity : loss / least[w]!));
      return {
        trial,
        options,
        losses: new Map(groups.map(({ workload }, w) => [workload, losses[w]!])),
        worstRatio: Math.max(...ratios),
      };
    })
    .sort((a, b) => a.worstRatio - b.worstRatio || a.trial - b.trial);
}
