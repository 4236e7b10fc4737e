import { expect } from "vitest";

export { randomSigned } from "./random-signed.js";

/** Expects |actual - expected| <= tolerance * |expected| in the Euclidean norm, and every value finite. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...Array.from(expected, Math.abs), Number.MIN_VALUE);
  const distance = Math.hypot(...Array.from(expected, (x, i) => actual[i]! / largest - x / largest));
  const length = Math.hypot(...Array.from(expected, (x) => x / largest));
  expect(
    distance,
    `${Array.from(actual).slice(0, 4)} vs ${Array.from(expected).slice(0, 4)}`,
  ).toBeLessThanOrEqual(tolerance * length);
}
