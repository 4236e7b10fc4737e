import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Direction, Sofim } from "../../src/core/index.js";
import { expectClose, randomSigned } from "./helpers.js";
import { Rational, solveExactly } from "./rational.js";

const exact = Rational.from;
const ones = exact(1);

/** F^-1 v with F = Mh Mh' + rho I built densely and solved exactly, block by block. */
function exactStep(
  moment: ArrayLike<number>,
  momentWeight: number,
  gradient: ArrayLike<number>,
  options: { beta: number; rho: number; direction: Direction; blocks: readonly number[] },
): number[] {
  const beta = exact(options.beta);
  const gamma = ones.minus(beta);
  const d = beta.times(exact(momentWeight)).plus(gamma);
  const g = Array.from(gradient, exact);
  const mh = g.map((x, i) => beta.times(exact(moment[i]!)).plus(gamma.times(x)).over(d));
  let start = 0;
  return options.blocks.flatMap((length) => {
    const m = mh.slice(start, start + length);
    const right = options.direction === "moment" ? m : g.slice(start, start + length);
    start += length;
    const fisher = m.map((a, i) =>
      m.map((b, j) => (i === j ? a.times(b).plus(exact(options.rho)) : a.times(b))),
    );
    return solveExactly(fisher, right).map((x) => x.toNumber());
  });
}

const problem = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 2 }),
  seed: fc.integer(),
  scale: fc.integer({ min: -12, max: 12 }).map((e) => 10 ** e),
  rhoExponent: fc.integer({ min: -8, max: 8 }),
  beta: fc.constantFrom(0, 0.5, 0.9, 0.99),
  history: fc.integer({ min: 0, max: 3 }),
});

describe("Sofim against an exact dense solve", () => {
  // No allowance for conditioning: the closed form is accurate however small rho is beside |Mh|^2.
  it.each(["relative", "absolute"] as const)("moment direction, rho %s to the gradient", (kind) => {
    fc.assert(
      fc.property(problem, ({ lengths, seed, scale, rhoExponent, beta, history }) => {
        const rho = 10 ** rhoExponent * (kind === "relative" ? scale * scale : 1);
        const { actual, expected } = run(lengths, seed, scale, rho, beta, history, "moment");
        expectClose(actual, expected, 1e-12);
      }),
      { numRuns: 60 },
    );
  });

  it("gradient direction, to 1e-12 times the condition of the problem", () => {
    fc.assert(
      fc.property(problem, ({ lengths, seed, scale, rhoExponent, beta, history }) => {
        const rho = 10 ** rhoExponent * scale * scale;
        const result = run(lengths, seed, scale, rho, beta, history, "gradient");
        // A change of one unit in the last place of g, across Mh, moves F^-1 g by eps |g| / rho.
        const condition = (norm(result.gradient) / rho / norm(result.expected)) * Number.EPSILON;
        expectClose(result.actual, result.expected, 1e-12 + 10 * condition);
      }),
      { numRuns: 60 },
    );
  });

  it("gradient direction at the first step, where g and Mh are parallel, to 1e-12 for any rho", () => {
    for (const rho of [1e-20, 1e-10, 1, 1e10]) {
      const { actual, expected } = run([5], 3, 1, rho, 0.9, 0, "gradient");
      expectClose(actual, expected, 1e-12);
    }
  });
});

describe("Sofim against a dense float64 solve", () => {
  it.each([1e-12, 1e-6, 1, 1e6, 1e12])("gradient scale %d", (scale) => {
    for (const size of [1, 7, 30]) {
      const rho = 0.5 * scale * scale;
      const random = randomSigned(size);
      const gradient = Float64Array.from({ length: size }, () => scale * random());
      const weights = new Float64Array(size);
      new Sofim(size, { learningRate: 1, rho, dtype: "float64" }).step(weights, gradient);
      const fisher = Array.from(gradient, (a, i) =>
        Array.from(gradient, (b, j) => a * b + (i === j ? rho : 0)),
      );
      const condition = 1 + norm(gradient) ** 2 / rho;
      const expected = choleskySolve(fisher, gradient).map((x) => -x);
      expectClose(weights, expected, 1e-12 + size * condition * Number.EPSILON);
    }
  });
});

function run(
  blocks: readonly number[],
  seed: number,
  scale: number,
  rho: number,
  beta: number,
  history: number,
  direction: Direction,
) {
  const size = blocks.reduce((a, b) => a + b, 0);
  const random = randomSigned(seed);
  const draw = () => Float64Array.from({ length: size }, () => scale * random());
  const optimizer = new Sofim(size, { learningRate: 1, rho, beta, direction, blocks, dtype: "float64" });
  for (let i = 0; i < history; i++) optimizer.step(new Float64Array(size), draw());
  const { moment, momentWeight } = optimizer.state();
  const gradient = draw();
  const actual = new Float64Array(size);
  const { skipped } = optimizer.step(actual, gradient);
  expect(skipped).toBe(false);
  const step = exactStep(moment, momentWeight, gradient, { beta, rho, direction, blocks });
  return { actual, expected: step.map((x) => -x), gradient };
}

function norm(x: ArrayLike<number>): number {
  return Math.hypot(...Array.from(x));
}

function choleskySolve(matrix: number[][], right: ArrayLike<number>): number[] {
  const n = right.length;
  const lower = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!;
      lower[i]![j] = i === j ? Math.sqrt(sum) : sum / lower[j]![j]!;
    }
  }
  const x = Array.from(right);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k]![i]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  return x;
}
