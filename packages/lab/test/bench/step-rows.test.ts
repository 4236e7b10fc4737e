import { describe, expect, it } from "vitest";
import { makeStepRow } from "../../src/bench/step-rows.js";

const turn = (...losses: number[]) => ({ milliseconds: [1], losses });

describe("makeStepRow", () => {
  const differ = (own: number[], reference: number[], comparedSteps = 10) =>
    makeStepRow("a", [turn(...own)], { reference: [turn(...reference)], comparedSteps }).lossDifference;

  it("compares the losses of the first steps, as many as were taken by both", () => {
    expect(differ([4, 2, 9], [4, 4])).toBe(0.5);
    expect(differ([4], [4, 4])).toBe(0);
    expect(differ([4, 9], [4, 4], 1)).toBe(0);
  });

  it("does not take NaN for agreement", () => {
    expect(differ([4, Number.NaN], [4, 4])).toBeNaN();
  });

  it("has nothing to say of a reference's losses", () => {
    expect(makeStepRow("a", [turn(4)], { comparedSteps: 1 })).not.toHaveProperty("lossDifference");
  });
});
