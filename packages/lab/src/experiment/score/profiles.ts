import type { MethodName } from "../methods.js";
import { metrics } from "./run-groups.js";
import type { Scores } from "./score-results.js";

/** For a method, the share of problems that it solves within each factor of the best method's cost. */
export interface Profile {
  readonly method: MethodName;
  /** By factor, from 1 up; the share holds until the next point's factor. */
  readonly points: readonly { readonly factor: number; readonly share: number }[];
}

/**
 * Performance profiles of `methods` among themselves: a problem is a workload with one of its targets, and a method's cost
 * of it the median over its seeds. A problem that a method does not solve is within no factor. Workloads that the protocol
 * does not ask all of the methods for are left out.
 *
 * The profile of a method says how it does on the whole, but the order of two methods can change with the third that
 * they are compared beside; only the best one's order is sure (Gould and Scott, ACM TOMS 43(2), 2016).
 *
 * Source: E. Dolan and J. Moré, "Benchmarking optimization software with performance profiles", Mathematical Programming
 * 91 (2002).
 */
export function performanceProfiles(
  scores: Scores,
  methods: readonly MethodName[],
  cost: "steps" | "seconds",
): Profile[] {
  const problems = scores.workloads
    .filter(
      ({ targets, budget }) => targets !== undefined && methods.every((m) => budget.methods.includes(m)),
    )
    .filter((workload) => methods.every((name) => workload.budget.methods.includes(name)))
    .flatMap((workload) =>
      metrics.map((metric) =>
        methods.map((method) => {
          const score = workload.methods.find((candidate) => candidate.method === method);
          return score?.timeToTarget?.[metric][cost].value ?? Infinity;
        }),
      ),
    );
  const factors = problems.map((costs) => {
    const best = Math.min(...costs);
    return costs.map((value) => (value === Infinity ? Infinity : value / best));
  });
  return methods.map((method, m) => {
    const own = factors.map((row) => row[m]!);
    const breaks = [...new Set([1, ...own])].filter((factor) => factor < Infinity).sort((a, b) => a - b);
    const share = (factor: number) => own.filter((value) => value <= factor).length / own.length;
    return {
      method,
      points: own.length === 0 ? [] : breaks.map((factor) => ({ factor, share: share(factor) })),
    };
  });
}
