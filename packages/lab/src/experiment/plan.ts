import type { OptimizerOptions } from "../workloads/optimizer-definition.js";
import { type MethodName, methods } from "./methods.js";
import type { Protocol, WorkloadBudget } from "./protocol.js";
import type { RunLine } from "./run-line.js";
import { haltonPoint } from "./search-space.js";

/** A run that is to be made. */
export interface RunSpec {
  /** Says which run this is; no two runs of a protocol share one. */
  readonly id: string;
  readonly budget: WorkloadBudget;
  readonly method: MethodName;
  readonly phase: RunLine["phase"];
  readonly trial: number;
  readonly seed: number;
  readonly options: OptimizerOptions;
}

/** Which runs a protocol asks for, and which of them can be made now. */
export class RunPlan {
  readonly #done = new Map<string, RunLine>();
  readonly #started = new Set<string>();

  constructor(
    readonly protocol: Protocol,
    finished: readonly RunLine[],
  ) {
    for (const line of finished) this.finish(line);
  }

  /** All runs that the protocol asks for, made or not. */
  get total(): number {
    const { trials, reportingSeeds } = this.protocol;
    return this.#groups().length * (trials + reportingSeeds.length);
  }

  /** Runs that will not be made, as no trial of their method ended with a finite loss. */
  get skipped(): number {
    const lost = this.#groups().filter(
      ({ budget, method }) => this.#isTuned(budget, method) && this.#winner(budget, method) === undefined,
    );
    return lost.length * this.protocol.reportingSeeds.length;
  }

  get done(): number {
    return this.#done.size;
  }

  /** How many runs are not done, by workload, method and phase. */
  remaining(): { workload: string; method: MethodName; phase: RunLine["phase"]; count: number }[] {
    const { trials, reportingSeeds } = this.protocol;
    const isDone = ({ id }: { readonly id: string }) => this.#done.has(id);
    return this.#groups().flatMap(({ budget, method }) => {
      const { workload } = budget;
      const tuned = this.#tuningRuns(budget, method).filter(isDone).length;
      const winner = this.#winner(budget, method);
      const reported = winner === undefined ? 0 : this.#reportingRuns(winner).filter(isDone).length;
      const hopeless = tuned === trials && winner === undefined;
      return [
        { workload, method, phase: "tuning" as const, count: trials - tuned },
        {
          workload,
          method,
          phase: "reporting" as const,
          count: hopeless ? 0 : reportingSeeds.length - reported,
        },
      ];
    });
  }

  /** The next run that nobody has taken; undefined while there is none, for good or until another has ended. */
  take(): RunSpec | undefined {
    for (const { budget, method } of this.#groups()) {
      for (const spec of this.#open(budget, method)) {
        if (this.#done.has(spec.id) || this.#started.has(spec.id)) continue;
        this.#started.add(spec.id);
        return spec;
      }
    }
    return undefined;
  }

  finish(line: RunLine): void {
    this.#done.set(line.id, line);
  }

  #groups(): { budget: WorkloadBudget; method: MethodName }[] {
    return this.protocol.workloads.flatMap((budget) => budget.methods.map((method) => ({ budget, method })));
  }

  /** A method's tuning runs, and once all are done its reporting runs. */
  #open(budget: WorkloadBudget, method: MethodName): RunSpec[] {
    const tuning = this.#tuningRuns(budget, method);
    const winner = this.#isTuned(budget, method) ? this.#winner(budget, method) : undefined;
    return winner === undefined ? tuning : [...tuning, ...this.#reportingRuns(winner)];
  }

  #isTuned(budget: WorkloadBudget, method: MethodName): boolean {
    return this.#tuningRuns(budget, method).every(({ id }) => this.#done.has(id));
  }

  #winner(budget: WorkloadBudget, method: MethodName): RunSpec | undefined {
    const runs = this.#tuningRuns(budget, method);
    const best = pickWinner(runs.map(({ id }) => this.#done.get(id)).filter((line) => line !== undefined));
    return runs.find(({ id }) => id === best?.id);
  }

  #tuningRuns(budget: WorkloadBudget, method: MethodName): RunSpec[] {
    const { trials, tuningSeed } = this.protocol;
    const { definition, space, options } = methods[method];
    return Array.from({ length: trials }, (_, i) => ({
      id: `${budget.workload}/${method}/trial-${i + 1}`,
      budget,
      method,
      phase: "tuning",
      trial: i + 1,
      seed: tuningSeed,
      options: definition.resolve(options(haltonPoint(space, i + 1))),
    }));
  }

  #reportingRuns(winner: RunSpec): RunSpec[] {
    return this.protocol.reportingSeeds.map((seed) => ({
      ...winner,
      id: `${winner.budget.workload}/${winner.method}/seed-${seed}`,
      phase: "reporting",
      seed,
    }));
  }
}

/** The completed tuning run with the least validation loss at its end, the earlier one of equals. */
export function pickWinner(tuning: readonly RunLine[]): RunLine | undefined {
  return tuning
    .filter(({ status }) => status === "completed")
    .reduce<RunLine | undefined>(
      (best, line) => (best === undefined || finalLoss(line) < finalLoss(best) ? line : best),
      undefined,
    );
}

/** Cross-entropy after the last step, infinite for a run that did not come there. */
export function finalLoss({ status, evaluations }: RunLine): number {
  return status === "completed" ? (evaluations.at(-1)?.loss ?? Infinity) : Infinity;
}
