import { Random } from "../../data/random.js";
import { type Estimate, medianInterval } from "../../statistics.js";

/** Every interval starts from it, so that the same runs give the same report. */
const seed = 1;

/** The median over seeds with its 95 % bootstrap interval. */
export function estimate(values: readonly number[]): Estimate {
  return medianInterval(values, new Random(seed));
}

/** The estimate of values that are all `factor` times as large. */
export function scaled({ value, low, high }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor };
}
