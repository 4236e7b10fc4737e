import { describe, expect, it } from "vitest";
import { pairTimes } from "../../src/experiment/score/comparison.js";
import { estimate } from "../../src/experiment/score/estimates.js";

const pair = (other: number[], subject: number[]) =>
  pairTimes(other.map((value, i) => ({ other: value, subject: subject[i]! })));

describe("pairTimes", () => {
  it("says ahead when the interval lies above 1, behind when below", () => {
    expect(pair([2, 3, 2, 4, 2], [1, 1, 1, 1, 1])).toEqual({
      ratio: { value: 2, low: 2, high: 4 },
      wins: 5,
      losses: 0,
      ties: 0,
      neither: 0,
      verdict: "ahead",
    });
    expect(pair([1, 1, 1, 1, 1], [2, 4, 2, 4, 2]).verdict).toBe("behind");
  });

  it("tells nothing apart where one of five seeds ties or says otherwise", () => {
    expect(pair([2, 2, 2, 2, 1], [1, 1, 1, 1, 1]).verdict).toBe("not told apart");
    expect(pair([2, 2, 2, 2, 1], [1, 1, 1, 1, 2]).verdict).toBe("not told apart");
  });

  it("takes a target that only one of the two reached as infinitely far ahead", () => {
    const five = [1, 1, 1, 1, 1];
    const missed = five.map(() => Infinity);
    expect(pair(missed, five)).toMatchObject({ ratio: { value: Infinity, low: Infinity }, verdict: "ahead" });
    expect(pair(five, missed)).toMatchObject({ ratio: { value: 0, high: 0 }, verdict: "behind" });
  });

  it("takes a target that neither reached as a tie", () => {
    const missed = [Infinity, Infinity, Infinity, Infinity, Infinity];
    expect(pair(missed, missed)).toEqual({
      ratio: { value: 1, low: 1, high: 1 },
      wins: 0,
      losses: 0,
      ties: 5,
      neither: 5,
      verdict: "not told apart",
    });
  });

  it("claims nothing from fewer than five pairs", () => {
    expect(pair([2, 2, 2, 2], [1, 1, 1, 1]).verdict).toBe("not told apart");
  });
});

describe("estimate", () => {
  it("has the interval of all 27 resamples of three values", () => {
    const values = [3, 1, 8];
    const medians: number[] = [];
    for (const a of values) {
      for (const b of values) {
        for (const c of values) medians.push([a, b, c].sort((x, y) => x - y)[1]!);
      }
    }
    medians.sort((x, y) => x - y);
    // 7 of the 27 medians are the least value and 7 the greatest: more than 2.5 % on either side.
    expect(medians.filter((median) => median === 1)).toHaveLength(7);
    expect(estimate(values)).toEqual({
      value: 3,
      low: medians[Math.floor(0.025 * 27)],
      high: medians[Math.ceil(0.975 * 27) - 1],
    });
  });

  it("is the same every time", () => {
    const values = [0.3, 0.1, 0.7, 0.2, 0.9, 0.4, 0.8, 0.15];
    expect(estimate(values)).toEqual(estimate(values));
  });
});
