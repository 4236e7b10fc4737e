import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../src/data/random.js";
import { median, medianInterval, pairedRatio, quantile, slope } from "../src/statistics.js";

describe("median", () => {
  it("is the middle value, or the mean of the middle two", () => {
    expect(median([3])).toBe(3);
    expect(median([9, 1, 2])).toBe(2);
    expect(median([10, 9, 1, 2])).toBe(5.5);
  });

  it("sorts by value, not by text", () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it("is infinite when at least half of the values are", () => {
    expect(median([1, Infinity, 2])).toBe(2);
    expect(median([1, Infinity, Infinity])).toBe(Infinity);
    expect(median([1, 2, Infinity, Infinity])).toBe(Infinity);
    expect(median([1, 2, 3, Infinity])).toBe(2.5);
  });

  it("refuses an empty list", () => {
    expect(() => median([])).toThrow("values: got an array of length 0");
  });
});

describe("quantile", () => {
  it("is linear between neighbours", () => {
    const sorted = Float64Array.of(0, 10, 20, 40);
    expect(quantile(sorted, 0)).toBe(0);
    expect(quantile(sorted, 0.5)).toBe(15);
    expect(quantile(sorted, 1)).toBe(40);
    expect(quantile(sorted, 5 / 6)).toBeCloseTo(30, 12);
  });
});

describe("quantile of infinite values", () => {
  it("is the nearer neighbour, never NaN", () => {
    const sorted = Float64Array.of(-Infinity, 0, Infinity, Infinity);
    expect([0, 0.1, 0.2, 0.4, 0.5, 0.9].map((q) => quantile(sorted, q))).toEqual([
      -Infinity,
      -Infinity,
      0,
      0,
      Infinity,
      Infinity,
    ]);
  });
});

describe("medianInterval", () => {
  it("is the range of five values, one of them infinite", () => {
    const interval = medianInterval([4, 1, Infinity, 2, 3], new Random(1));
    expect(interval).toEqual({ value: 3, low: 1, high: Infinity });
  });

  it("has the ends of the distribution over all resamples of nine values", () => {
    const n = 9;
    // A resample's median is at most the k-th value if more than half of its draws are: binomial with share k / n.
    const atMost = (k: number) =>
      Array.from({ length: n }, (_, i) => i + 1)
        .filter((draws) => draws > n / 2)
        .reduce((sum, m) => sum + choose(n, m) * (k / n) ** m * (1 - k / n) ** (n - m), 0);
    const end = (q: number) => Array.from({ length: n }, (_, i) => i + 1).find((k) => atMost(k) >= q);
    const { low, high } = medianInterval(
      Array.from({ length: n }, (_, i) => i + 1),
      new Random(1),
    );
    expect([low, high]).toEqual([end(0.025), end(0.975)]);
    expect([low, high]).toEqual([2, 8]);
  });
});

function choose(n: number, k: number): number {
  return k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
}

describe("pairedRatio", () => {
  it("divides out what slows a whole round", () => {
    const denominators = [1, 50, 2, 7, 0.1];
    const numerators = denominators.map((value) => 3 * value);
    const ratio = pairedRatio(numerators, denominators, new Random(1));
    expect(ratio.value).toBeCloseTo(3, 12);
    expect(ratio.low).toBeCloseTo(3, 12);
    expect(ratio.high).toBeCloseTo(3, 12);
  });

  it("equals the exact bootstrap distribution for three rounds", () => {
    // The median of three draws from {1, 2, 3} is 1 or 3 with probability 7/27 each: both ends are in.
    const ratio = pairedRatio([1, 2, 3], [1, 1, 1], new Random(1));
    expect(ratio).toEqual({ value: 2, low: 1, high: 3 });
  });

  it("covers the true median in about 95 of 100 experiments", () => {
    const random = new Random(7);
    const experiments = 400;
    let covered = 0;
    for (let i = 0; i < experiments; i++) {
      const ratios = Array.from({ length: 25 }, () => Math.exp(random.normal()));
      const { low, high } = pairedRatio(ratios, Array(25).fill(1), random, 400);
      if (low <= 1 && 1 <= high) covered++;
    }
    // Seeded, so exact; the interval is known to be close to nominal for the median of 25.
    expect(covered / experiments).toBeGreaterThan(0.92);
    expect(covered / experiments).toBeLessThan(0.98);
  });

  it("gives the same interval for the same seed and always holds the value", () => {
    const rounds = fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(rounds, (times) => {
        const ones = times.map(() => 1);
        const first = pairedRatio(times, ones, new Random(3), 200);
        expect(pairedRatio(times, ones, new Random(3), 200)).toEqual(first);
        expect(first.low).toBeLessThanOrEqual(first.value);
        expect(first.high).toBeGreaterThanOrEqual(first.value);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses rounds without a partner", () => {
    expect(() => pairedRatio([1, 2], [1], new Random(1))).toThrow(
      "denominators: got an array of length 1, want one figure for each of 2",
    );
  });
});

describe("slope", () => {
  it("finds a line exactly and ignores symmetric noise", () => {
    expect(slope([0, 1, 2, 3], [5, 7, 9, 11])).toBeCloseTo(2, 12);
    expect(slope([-1, 0, 1], [1, 0, 1])).toBe(0);
  });

  it("refuses fewer than two points", () => {
    expect(() => slope([1], [1])).toThrow("at least two");
  });
});
