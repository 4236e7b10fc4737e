import type { RunPlan } from "./plan.js";
import type { RunLine } from "./run-line.js";

/** Estimates how long the runs that are left will take, from those that this process has seen end. */
export class TimeLeft {
  /** Wall-clock seconds per run, evaluation and all, by workload, method and phase. */
  readonly #seen = new Map<string, { total: number; count: number }>();

  constructor(private readonly jobs: number) {}

  add({ workload, method, phase }: RunLine, seconds: number): void {
    for (const key of keysOf(workload, method, phase)) {
      const sum = this.#seen.get(key) ?? { total: 0, count: 0 };
      this.#seen.set(key, { total: sum.total + seconds, count: sum.count + 1 });
    }
  }

  /** NaN until a run has been seen. */
  left(plan: RunPlan): number {
    let seconds = 0;
    for (const { workload, method, phase, count } of plan.remaining()) {
      if (count === 0) continue;
      const known = keysOf(workload, method, phase).map((key) => this.#seen.get(key));
      const nearest = known.find((sum) => sum !== undefined);
      seconds += count * (nearest === undefined ? Number.NaN : nearest.total / nearest.count);
    }
    return seconds / this.jobs;
  }
}

/** From runs that are most alike to all runs. */
function keysOf(workload: string, method: string, phase: string): string[] {
  return [`${workload} ${method} ${phase}`, `${workload} ${method}`, workload, "all"];
}
