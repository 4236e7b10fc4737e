import { InvalidArgumentError } from "sofim/core";
import type { Random } from "./data/random.js";

/** A value with the ends of its confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The middle value; the mean of the middle two where their number is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new InvalidArgumentError("values", values, "at least one number");
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/**
 * The quantile `q` in [0, 1] of sorted values: linear between neighbours, and where one of them is infinite the nearer one
 * (the greater of two as near).
 */
export function quantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const share = position - below;
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const hasLine = Number.isFinite(low) && Number.isFinite(high);
  if (!hasLine) return share < 0.5 ? low : high;
  return low + share * (high - low);
}

/**
 * The median of `values` with a 95 % percentile bootstrap interval: from the 2.5 % to the 97.5 % quantile of the medians
 * of resamples, each of as many values, drawn with replacement.
 *
 * The ends can be no more extreme than the values themselves. Of five values or fewer they are the least and the greatest
 * (of five, a resample's median is the least value with probability 0.058), so the interval is then the range.
 *
 * @param values - at least one; may be infinite, but not NaN
 * @param random - draws the resamples
 * @param resamples - how many
 * Source: B. Efron and R. Tibshirani, "An introduction to the bootstrap", 1993, section 13.3.
 */
export function medianInterval(values: readonly number[], random: Random, resamples = 2000): Estimate {
  const resample = new Float64Array(values.length);
  const medians = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < resample.length; i++) resample[i] = values[random.below(values.length)]!;
    return quantile(resample.sort(), 0.5);
  }).sort();
  return { value: median(values), low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

/**
 * The median of paired ratios `numerators[i] / denominators[i]`, with a 95 % percentile bootstrap interval.
 *
 * Pair `i` was measured in round `i`, so what slows a whole round divides out; rounds are what is resampled.
 *
 * @param numerators - one positive figure per round
 * @param denominators - as many
 * @param random - draws the resamples
 * @param resamples - how many
 * @throws InvalidArgumentError if the lengths differ or are zero
 */
export function pairedRatio(
  numerators: readonly number[],
  denominators: readonly number[],
  random: Random,
  resamples = 2000,
): Estimate {
  if (numerators.length !== denominators.length) {
    throw new InvalidArgumentError(
      "denominators",
      denominators,
      `one figure for each of ${numerators.length}`,
    );
  }
  const ratios = numerators.map((numerator, i) => numerator / denominators[i]!);
  return medianInterval(ratios, random, resamples);
}

/** The slope of the least-squares line through the points (x[i], y[i]). */
export function slope(x: readonly number[], y: readonly number[]): number {
  if (x.length !== y.length || x.length < 2) {
    throw new InvalidArgumentError("y", y, `as many values as x has (${x.length}), and at least two`);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(x);
  const meanY = mean(y);
  let covariance = 0;
  let variance = 0;
  for (let i = 0; i < x.length; i++) {
    covariance += (x[i]! - meanX) * (y[i]! - meanY);
    variance += (x[i]! - meanX) ** 2;
  }
  return covariance / variance;
}
