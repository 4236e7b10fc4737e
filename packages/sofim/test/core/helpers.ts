import { expect } from "vitest";

/** A seeded generator of numbers in [-1, 1). */
export function randomSigned(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

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
