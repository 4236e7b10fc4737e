import type { Estimate } from "../statistics.js";

/** What the project promises of a ratio, as a bound. */
export interface Target {
  readonly name: string;
  readonly bound: "at most" | "at least";
  readonly limit: number;
}

/** A target beside what was measured. */
export interface Verdict extends Target {
  readonly measured: Estimate;
  readonly met: boolean;
}

/** Judges the value itself; the interval beside it says how sure that is. */
export function judge(target: Target, measured: Estimate): Verdict {
  const met = target.bound === "at most" ? measured.value <= target.limit : measured.value >= target.limit;
  return { ...target, measured, met };
}
