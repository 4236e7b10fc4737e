import { describe, expect, it } from "vitest";
import { Sofim } from "../../src/core/index.js";
import { leastValue, logistic, type PlainProblem, rosenbrock } from "../optim/contract/plain-problems.js";

/** Strongly convex, with curvatures from 1 to 4 and the minimum 0 at (1, ..., 1). */
const quadratic: PlainProblem = {
  start: [3, -2, 0.5, 7],
  evaluate: (w) => ({
    value: Array.from(w).reduce((sum, x, i) => sum + 0.5 * (1 + i) * (x - 1) ** 2, 0),
    gradient: Array.from(w, (x, i) => (1 + i) * (x - 1)),
  }),
};

const problems = [
  ["a strongly convex quadratic", quadratic, { learningRate: 0.5, rho: 1 }, 1000],
  ["Rosenbrock", rosenbrock, { learningRate: 2, rho: 100 }, 3000],
  ["logistic regression", logistic, { learningRate: 0.5, rho: 0.5 }, 500],
] as const;

// Without the moment's averaging, steps are stable up to 2 / curvature only.
const SLOWER = 20;

describe.each(problems)("Sofim on %s", (_name, { start, evaluate }, options, steps) => {
  it.each(["float32", "float64"] as const)("reaches the optimum in %s", async (dtype) => {
    for (const direction of ["moment", "gradient"] as const) {
      const learningRate = options.learningRate / (direction === "moment" ? 1 : SLOWER);
      const optimizer = new Sofim(start.length, { ...options, learningRate, direction, dtype });
      const weights = dtype === "float32" ? Float32Array.from(start) : Float64Array.from(start);
      for (let i = 0; i < steps * (direction === "moment" ? 1 : SLOWER); i++) {
        const { gradient } = evaluate(weights);
        optimizer.step(
          weights,
          weights.map((_, k) => gradient[k]!),
        );
      }
      const best = await leastValue({ start, evaluate });
      const gap = evaluate(weights).value - best;
      expect(gap / Math.max(best, 1)).toBeLessThan(1e-5);
      expect(gap).toBeGreaterThan(-1e-7);
    }
  });
});
