import { describe, expect, it } from "vitest";
import { judge, judgeSeconds } from "../../src/bench/targets.js";

const estimate = (value: number) => ({ value, low: value - 1, high: value + 1 });

describe("judge", () => {
  it.each([
    ["at most", 1.4, 1.4, true],
    ["at most", 1.4, 1.41, false],
    ["at least", 30, 30, true],
    ["at least", 30, 29.9, false],
    ["at most", 1.4, Number.NaN, false],
    ["at least", 30, Number.NaN, false],
  ] as const)("%s %d, measured %d: met is %s", (bound, limit, value, met) => {
    const verdict = judge({ name: "a / b", bound, limit }, estimate(value));
    expect(verdict).toEqual({ name: "a / b", bound, limit, measured: estimate(value), met });
  });
});

describe("judgeSeconds", () => {
  it.each([
    [4.9, true],
    [5.1, false],
    [Number.NaN, false],
  ])("at most 5 s, %d s: met is %s", (seconds, met) => {
    const target = { name: "compiling", bound: "at most", limit: 5 } as const;
    expect(judgeSeconds(target, seconds)).toEqual({ ...target, seconds, met });
  });
});
