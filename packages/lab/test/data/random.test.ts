import { describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";

describe("Random", () => {
  it("equals the reference xoshiro128** from the state 1, 2, 3, 4", () => {
    const random = Random.fromState([1, 2, 3, 4]);
    const got = Array.from({ length: 10 }, () => random.uint32());
    // Also the vector in the tests of Rust's rand_xoshiro crate.
    const want = [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ];
    expect(got).toEqual(want);
  });

  it("is seeded by the words of the reference SplitMix64", () => {
    // SplitMix64 from 1234567 starts 6457827717110365317, 3203168211198807973.
    const low = (word: bigint): number => Number(word & 0xffffffffn);
    const [a, b] = [6457827717110365317n, 3203168211198807973n];
    const expected = Random.fromState([low(a), low(a >> 32n), low(b), low(b >> 32n)]);
    const random = new Random(1234567);
    for (let i = 0; i < 5; i++) expect(random.uint32()).toBe(expected.uint32());
  });

  it("draws uniform numbers below 1 with mean 1/2 and variance 1/12", () => {
    const { mean, variance, smallest, largest } = moments(100_000, (random) => random.uniform());
    expect(smallest).toBeGreaterThanOrEqual(0);
    expect(largest).toBeLessThan(1);
    // Five standard errors.
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / 100_000));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / 100_000));
  });

  it("draws normal numbers with mean 0 and variance 1", () => {
    const { mean, variance } = moments(100_000, (random) => random.normal());
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(1 / 100_000));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 100_000));
  });

  it("draws every integer below a count alike", () => {
    const random = new Random(3);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[random.below(6)]! += 1;
    // Five standard deviations of a binomial with p = 1/6.
    for (const count of counts)
      expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(60_000 * (5 / 36)));
  });

  it("shuffles to permutations, all of them alike", () => {
    const random = new Random(4);
    const seen = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = Uint32Array.of(0, 1, 2, 3);
      random.shuffle(order);
      seen.set(order.join(""), (seen.get(order.join("")) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    for (const count of seen.values()) expect(Math.abs(count - 1_000)).toBeLessThan(5 * Math.sqrt(1_000));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses the seed %d", (seed) => {
    expect(() => new Random(seed)).toThrow(`seed: got ${seed}, want an integer from 0 to 2^53 - 1`);
  });

  it("refuses a state of zeros, which would stay zero", () => {
    expect(() => Random.fromState([0, 0, 0, 0])).toThrow("state");
  });
});

function moments(count: number, draw: (random: Random) => number) {
  const random = new Random(2);
  const draws = Float64Array.from({ length: count }, () => draw(random));
  const mean = draws.reduce((sum, x) => sum + x, 0) / count;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count;
  return {
    mean,
    variance,
    smallest: draws.reduce((a, b) => Math.min(a, b)),
    largest: draws.reduce((a, b) => Math.max(a, b)),
  };
}
