import { describe, expect, it } from "vitest";
import { scoreTargets } from "../../src/train/score.js";

const targets = { trainLoss: 0.5, testLoss: 0.4, testAccuracy: 0.9 };

function evaluation(step: number, trainLoss: number, testLoss: number, testAccuracy: number) {
  return { step, seconds: step / 100, trainLoss, testLoss, testAccuracy };
}

describe("scoreTargets", () => {
  it("takes the first evaluation that reached each target, though a later one falls back", () => {
    const curve = [
      evaluation(10, 0.9, 0.8, 0.5),
      evaluation(20, 0.5, 0.7, 0.91),
      evaluation(30, 0.8, 0.39, 0.8),
      evaluation(40, 0.1, 0.1, 0.99),
    ];
    expect(scoreTargets(curve, targets)).toEqual({
      trainLoss: { steps: 20, seconds: 0.2 },
      testLoss: { steps: 30, seconds: 0.3 },
      testAccuracy: { steps: 20, seconds: 0.2 },
    });
  });

  it("counts a missed target as infinity", () => {
    const missed = { steps: Infinity, seconds: Infinity };
    const curve = [evaluation(10, 0.51, 0.41, 0.899)];
    const all = { trainLoss: missed, testLoss: missed, testAccuracy: missed };
    expect(scoreTargets(curve, targets)).toEqual(all);
    expect(scoreTargets([], targets)).toEqual(all);
  });

  it("lets NaN reach nothing", () => {
    const curve = [evaluation(10, Number.NaN, Number.NaN, Number.NaN)];
    for (const score of Object.values(scoreTargets(curve, targets))) expect(score.steps).toBe(Infinity);
  });
});
