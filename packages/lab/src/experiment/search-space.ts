import { InvalidArgumentError } from "sofim/core";
import type { OptionValue } from "../workloads/option-specs.js";

/** What one number or word of a method is drawn from: log-uniform between two ends, or one of a few values. */
export type Dimension =
  | { readonly kind: "log"; readonly low: number; readonly high: number }
  | { readonly kind: "choice"; readonly values: readonly OptionValue[] };

/** The dimensions of a search, by name. */
export type SearchSpace = Readonly<Record<string, Dimension>>;

/** One value for every dimension. */
export type SearchPoint = Readonly<Record<string, OptionValue>>;

const primes = [2, 3, 5, 7] as const;

/**
 * The `index`-th point of the Halton sequence through `space`: dimension d gets the digits of the index in the d-th
 * prime base, reversed behind the point. Any first n points lie evenly, so that every method gets as much from its n
 * trials as n allows. Numbers are rounded to three digits, to be read and typed.
 *
 * @param space - at most four dimensions
 * @param index - counted from 1
 * Source: J. Halton, "On the efficiency of certain quasi-random sequences of points", Numerische Mathematik 2 (1960).
 */
export function haltonPoint(space: SearchSpace, index: number): SearchPoint {
  const dimensions = Object.entries(space);
  if (dimensions.length > primes.length) {
    throw new InvalidArgumentError("space", Object.keys(space), `at most ${primes.length} dimensions`);
  }
  return Object.fromEntries(
    dimensions.map(([name, dimension], d) => [name, place(dimension, radicalInverse(index, primes[d]!))]),
  );
}

/** The digits of `index` in `base`, mirrored at the point: in (0, 1) for index >= 1. */
function radicalInverse(index: number, base: number): number {
  let value = 0;
  let weight = 1 / base;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    value += (rest % base) * weight;
    weight /= base;
  }
  return value;
}

function place(dimension: Dimension, share: number): OptionValue {
  if (dimension.kind === "choice") return dimension.values[Math.floor(share * dimension.values.length)]!;
  return roundToDigits(dimension.low * (dimension.high / dimension.low) ** share, 3);
}

/** Rounded to so many significant decimal digits. */
export function roundToDigits(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}
