import type { Estimate } from "../statistics.js";

/** A ratio as it was measured; of one without a target nothing is promised. */
export interface Ratio {
  readonly name: string;
  readonly measured: Estimate;
}

/** What the project promises, as a bound. */
export interface Target {
  readonly name: string;
  readonly bound: "at most" | "at least";
  readonly limit: number;
}

/** A target beside the ratio that was measured. */
export interface Verdict extends Target, Ratio {
  readonly met: boolean;
}

/** A target beside seconds that passed once. */
export interface SecondsVerdict extends Target {
  readonly seconds: number;
  readonly met: boolean;
}

/** Judges the value itself; the interval beside it says how sure that is. */
export function judge(target: Target, measured: Estimate): Verdict {
  return { ...target, measured, met: meets(target, measured.value) };
}

/** Judges a duration that can be measured only once, so that no interval stands beside it. */
export function judgeSeconds(target: Target, seconds: number): SecondsVerdict {
  return { ...target, seconds, met: meets(target, seconds) };
}

function meets({ bound, limit }: Target, value: number): boolean {
  return bound === "at most" ? value <= limit : value >= limit;
}
