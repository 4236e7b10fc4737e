import { InvalidArgumentError } from "sofim/core";
import type { MethodName } from "./methods.js";
import { RunPerformer } from "./perform-run.js";
import type { Results } from "./results-file.js";
import type { RunEvaluation, RunLine } from "./run-line.js";

/** A run made again from its line. */
export interface Repetition {
  readonly recorded: RunLine;
  readonly repeated: RunLine;
  /** Whether every loss and accuracy is the same to the last bit. */
  readonly same: boolean;
  /** The largest relative difference of a loss or accuracy; infinite if the runs did not go the same way. */
  readonly difference: number;
}

/**
 * Makes one run of a results file again: its line says options and seed, the file's protocol the data and the budget.
 *
 * @throws InvalidArgumentError if the file has no run of that id
 */
export async function repeatRun(results: Results, id: string, dataDir?: string): Promise<Repetition> {
  const recorded = results.runs.find((run) => run.id === id);
  const budget = results.protocol.workloads.find(({ workload }) => workload === recorded?.workload);
  if (recorded === undefined || budget === undefined) {
    throw new InvalidArgumentError("--repeat", id, "the id of a run in the results file");
  }
  const { phase, trial, seed, options } = recorded;
  const performer = new RunPerformer(dataDir);
  const method = recorded.method as MethodName;
  const repeated = await performer.perform({ id, budget, method, phase, trial, seed, options });
  await performer.dispose();
  const difference = compareRuns(recorded, repeated);
  return { recorded, repeated, same: difference === 0, difference };
}

function compareRuns(recorded: RunLine, repeated: RunLine): number {
  const [before, after] = [recorded.evaluations, repeated.evaluations];
  if (recorded.status !== repeated.status || before.length !== after.length) return Infinity;
  return Math.max(0, ...before.flatMap((evaluation, i) => differences(evaluation, after[i]!)));
}

function differences(a: RunEvaluation, b: RunEvaluation): number[] {
  if (a.step !== b.step) return [Infinity];
  return (["trainLoss", "loss", "accuracy"] as const).map((name) => {
    if (Object.is(a[name], b[name])) return 0;
    const relative = Math.abs(b[name] - a[name]) / Math.abs(a[name]);
    return Number.isNaN(relative) ? Infinity : relative;
  });
}
