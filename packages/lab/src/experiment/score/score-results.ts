import type { Estimate } from "../../statistics.js";
import type { Targets } from "../../workloads/workload.js";
import type { MethodName } from "../methods.js";
import { RunPlan } from "../plan.js";
import type { Protocol, WorkloadBudget } from "../protocol.js";
import type { Results } from "../results-file.js";
import type { RunLine } from "../run-line.js";
import { type Comparison, compare } from "./comparison.js";
import { estimate } from "./estimates.js";
import { finalValues, groupRuns, type Metric, type RunGroup } from "./run-groups.js";
import { perMetric, setTargets } from "./targets.js";
import { type TimeToTarget, timeToTargets } from "./time-to-target.js";

/** What came of one method on one workload. */
export interface MethodScore extends RunGroup {
  readonly method: MethodName;
  /** Runs that the protocol asks for and that are not there. */
  readonly missing: number;
  readonly divergedTuning: number;
  readonly divergedReporting: number;
  /** Undefined without reporting runs or targets. */
  readonly timeToTarget: Readonly<Record<Metric, TimeToTarget>> | undefined;
  /** Undefined without reporting runs. */
  readonly finals: Readonly<Record<Metric, Estimate>> | undefined;
  /** With the protocol's subject; undefined for the subject, and where no seed has runs of both. */
  readonly comparison: Comparison | undefined;
}

/** What came of one workload. */
export interface WorkloadScore {
  readonly budget: WorkloadBudget;
  /** Undefined while the reference has no reporting run. */
  readonly targets: Targets | undefined;
  /** In the protocol's order. */
  readonly methods: readonly MethodScore[];
}

/** All that the report says, in numbers. */
export interface Scores {
  readonly protocol: Protocol;
  readonly workloads: readonly WorkloadScore[];
  readonly runs: readonly RunLine[];
  /** Runs that the protocol asks for and that are not there. */
  readonly missing: number;
}

/**
 * Scores the runs of a results file by its protocol's rules.
 *
 * The same runs give the same scores, in whatever order they stand: intervals are drawn from a fixed seed. A file that is
 * not complete is scored by what it has; `missing` says where.
 */
export function scoreResults(results: Results): Scores {
  const { protocol, runs } = results;
  const remaining = new RunPlan(protocol, runs).remaining();
  const missingOf = (workload: string, method: string) =>
    remaining
      .filter((group) => group.workload === workload && group.method === method)
      .reduce((sum, { count }) => sum + count, 0);
  const workloads = protocol.workloads.map((budget): WorkloadScore => {
    const { workload } = budget;
    const groups = budget.methods.map((method) => ({ method, ...groupRuns(results, workload, method) }));
    const reportingOf = (name: MethodName) => groups.find(({ method }) => method === name)?.reporting ?? [];
    const targets = setTargets(reportingOf(protocol.reference));
    const subject = reportingOf(protocol.subject);
    return {
      budget,
      targets,
      methods: groups.map((group) => ({
        ...group,
        ...scoreGroup(group, targets),
        missing: missingOf(workload, group.method),
        comparison:
          group.method === protocol.subject ? undefined : compare(group.reporting, subject, targets),
      })),
    };
  });
  return { protocol, workloads, runs, missing: remaining.reduce((sum, { count }) => sum + count, 0) };
}

function scoreGroup({ tuning, reporting }: RunGroup, targets: Targets | undefined) {
  const diverged = (runs: readonly RunLine[]) => runs.filter(({ status }) => status === "diverged").length;
  const hasRuns = reporting.length > 0;
  return {
    divergedTuning: diverged(tuning),
    divergedReporting: diverged(reporting),
    timeToTarget: hasRuns && targets ? timeToTargets(reporting, targets) : undefined,
    finals: hasRuns
      ? perMetric((metric) => estimate(reporting.map((run) => finalValues(run)[metric])))
      : undefined,
  };
}
