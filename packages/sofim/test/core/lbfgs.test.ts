import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, minimizeLbfgs, type ValueAndGradient } from "../../src/core/index.js";
import { searchStrongWolfe } from "../../src/core/lbfgs/line-search.js";
import { CurvaturePairs, dot } from "../../src/core/lbfgs/pairs.js";
import { expectClose, randomSigned } from "./helpers.js";

type Matrix = number[][];

/** (I - s y'/s'y) H (I - y s'/s'y) + s s'/s'y. */
function bfgsUpdate(h: Matrix, s: Float64Array, y: Float64Array): Matrix {
  const rho = 1 / dot(s, y);
  const n = s.length;
  const left = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? 1 : 0) - rho * s[i]! * y[j]!),
  );
  const times = (a: Matrix, b: Matrix) =>
    a.map((row) => b[0]!.map((_, j) => sum(row, (x, k) => x * b[k]![j]!)));
  const transposed = left.map((_, i) => left.map((row) => row[i]!));
  const product = times(times(left, h), transposed);
  return product.map((row, i) => row.map((value, j) => value + rho * s[i]! * s[j]!));
}

function sum<T>(items: readonly T[], term: (item: T, index: number) => number): number {
  return items.reduce((total, item, i) => total + term(item, i), 0);
}

describe("the two-loop recursion", () => {
  const n = 8;
  const random = randomSigned(3);
  const vector = () => Float64Array.from({ length: n }, random);
  const made = Array.from({ length: 12 }, () => {
    const step = vector();
    // A gradient change of some positive definite Hessian: positive curvature along the step.
    const change = step.map((s, i) => s * (1 + i) + 0.1 * random() * s);
    return { step, change };
  });

  it.each([1, 5, 12])("equals the dense BFGS inverse with %i pairs kept", (memory) => {
    const pairs = new CurvaturePairs(memory);
    for (const { step, change } of made) pairs.add(step, change);
    const { step, change } = made.at(-1)!;
    const gamma = dot(step, change) / dot(change, change);
    let dense: Matrix = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === j ? gamma : 0)),
    );
    for (const pair of made.slice(-memory)) dense = bfgsUpdate(dense, pair.step, pair.change);
    const v = vector();
    const expected = dense.map((row) => sum(row, (x, j) => x * v[j]!));
    expectClose(pairs.applyInverse(v), expected, 1e-10);
  });

  it("leaves out pairs without positive curvature", () => {
    const pairs = new CurvaturePairs(3);
    pairs.add(Float64Array.of(1, 0), Float64Array.of(-1, 0));
    pairs.add(Float64Array.of(1, 0), Float64Array.of(0, 1));
    pairs.add(Float64Array.of(1, 0), Float64Array.of(Number.NaN, 1));
    expect(pairs.length).toBe(0);
  });
});

describe("the line search", () => {
  const conditions = { sufficientDecrease: 1e-4, curvature: 0.1 };
  const functions: [string, (a: number) => number, (a: number) => number][] = [
    // Two that Moré and Thuente (1994) propose, and one that is not defined everywhere.
    ["a shallow valley", (a) => -a / (a * a + 2), (a) => (a * a - 2) / (a * a + 2) ** 2],
    [
      "a steep end",
      (a) => (a + 0.004) ** 5 - 2 * (a + 0.004) ** 4,
      (a) => 5 * (a + 0.004) ** 4 - 8 * (a + 0.004) ** 3,
    ],
    ["a wall", (a) => (a < 2 ? -a - Math.log(2 - a) : Number.NaN), (a) => -1 + 1 / (2 - a)],
  ];
  const cases = functions.flatMap(([name, value, slope]) =>
    [1e-3, 0.1, 1, 10, 1e3].map((first) => [name, first, value, slope] as const),
  );

  it.each(cases)("ends at a strong-Wolfe point of %s from step %d", async (_name, first, value, slope) => {
    const at = (step: number) => ({ step, value: value(step), slope: slope(step) });
    const start = at(0);
    const { point, satisfied } = await searchStrongWolfe(async (step) => at(step), start, first, conditions);
    expect(satisfied).toBe(true);
    expect(point!.value).toBeLessThanOrEqual(start.value + 1e-4 * point!.step * start.slope);
    expect(Math.abs(point!.slope)).toBeLessThanOrEqual(-0.1 * start.slope);
  });

  it("returns no point where none is lower", async () => {
    const start = { step: 0, value: 1, slope: -1 };
    const found = await searchStrongWolfe(
      async (step) => ({ step, value: 2, slope: 1 }),
      start,
      1,
      conditions,
    );
    expect(found).toEqual({ point: undefined, satisfied: false });
  });
});

const functions: Record<string, (x: Float64Array) => ValueAndGradient> = {
  rosenbrock(x) {
    const gradient = new Float64Array(x.length);
    let value = 0;
    for (let i = 0; i + 1 < x.length; i++) {
      const [a, b] = [x[i]!, x[i + 1]!];
      value += 100 * (b - a * a) ** 2 + (1 - a) ** 2;
      gradient[i]! += -400 * a * (b - a * a) - 2 * (1 - a);
      gradient[i + 1]! += 200 * (b - a * a);
    }
    return { value, gradient };
  },
  beale([a, b]) {
    const rests = [1.5, 2.25, 2.625].map((c, k) => c - a! + a! * b! ** (k + 1));
    return {
      value: sum(rests, (r) => r * r),
      gradient: [
        sum(rests, (r, k) => 2 * r * (b! ** (k + 1) - 1)),
        sum(rests, (r, k) => 2 * r * (k + 1) * a! * b! ** k),
      ],
    };
  },
  himmelblau([a, b]) {
    const [p, q] = [a! * a! + b! - 11, a! + b! * b! - 7];
    return { value: p * p + q * q, gradient: [4 * a! * p + 2 * q, 2 * p + 4 * b! * q] };
  },
};

interface Fixture {
  readonly results: readonly {
    readonly function: string;
    readonly start: number[];
    readonly x: number[];
    readonly value: number;
    readonly evaluations: number;
  }[];
}
const fixtureFile = new URL("../fixtures/scipy-lbfgs.json", import.meta.url);
const fixture = JSON.parse(readFileSync(fixtureFile, "utf8")) as Fixture;

describe("minimizeLbfgs", () => {
  it.each(fixture.results.map((result) => [`${result.function} of ${result.start.length}`, result] as const))(
    "finds SciPy's minimum of %s with no more than twice its evaluations",
    async (_name, expected) => {
      const fn = functions[expected.function]!;
      const found = await minimizeLbfgs(async (x) => fn(x), Float64Array.from(expected.start), {
        gradientTolerance: 1e-9,
      });
      expect(found.status).toBe("converged");
      expectClose(found.x, expected.x, 1e-7);
      expect(Math.abs(found.value - expected.value)).toBeLessThan(1e-15);
      expect(found.gradientNorm).toBeLessThanOrEqual(1e-9);
      expect(found.evaluations).toBeLessThanOrEqual(2 * expected.evaluations);
    },
  );

  it("solves a badly conditioned quadratic from far away", async () => {
    const scales = Array.from({ length: 40 }, (_, i) => 10 ** ((4 * i) / 39 - 2));
    const fn = (x: Float64Array) => ({
      value: sum(scales, (c, i) => 0.5 * c * (x[i]! - 1) ** 2),
      gradient: scales.map((c, i) => c * (x[i]! - 1)),
    });
    const start = new Float64Array(40).fill(1e4);
    const { status, x } = await minimizeLbfgs(fn, start, { gradientTolerance: 1e-9, maxIterations: 2000 });
    expect(status).toBe("converged");
    expectClose(x, new Float64Array(40).fill(1), 1e-6);
    expect(start[0]).toBe(1e4);
  });

  it("goes on by the slopes where rounding hides all change of the value", async () => {
    // Beside 1000, values differ by less than rounding once the gradient is below 1e-6.
    const fn = (x: Float64Array) => ({
      value: 1000 + sum(Array.from(x), (v, i) => (1 + i) * (Math.cosh(v - 1) - 1)),
      gradient: Array.from(x, (v, i) => (1 + i) * Math.sinh(v - 1)),
    });
    const { status, x, evaluations } = await minimizeLbfgs(fn, new Float64Array(8), {
      gradientTolerance: 1e-13,
    });
    expect(status).toBe("converged");
    expectClose(x, new Float64Array(8).fill(1), 1e-13);
    expect(evaluations).toBeLessThan(40);
  });

  it("says why it ended and tells about every iteration", async () => {
    const seen: number[] = [];
    const options = {
      maxIterations: 3,
      onIteration: ({ value }: { value: number }) => void seen.push(value),
    };
    const start = Float64Array.of(-1.2, 1);
    const cut = await minimizeLbfgs(functions.rosenbrock!, start, options);
    expect(cut.status).toBe("maxIterations");
    expect(cut.iterations).toBe(3);
    expect(seen).toHaveLength(3);
    expect(seen.at(-1)).toBe(cut.value);
    expect(seen.every((value, i) => value < (seen[i - 1] ?? 24.3))).toBe(true);

    const there = await minimizeLbfgs(functions.rosenbrock!, Float64Array.of(1, 1));
    expect(there).toMatchObject({ status: "converged", iterations: 0, evaluations: 1 });

    const lying = await minimizeLbfgs(([x]) => ({ value: x! ** 2, gradient: [-1] }), Float64Array.of(0));
    expect(lying).toMatchObject({ status: "lineSearchFailed", value: 0, x: Float64Array.of(0) });

    const empty = await minimizeLbfgs(() => ({ value: 1, gradient: [] }), new Float64Array(0));
    expect(empty.status).toBe("converged");
  });

  it("walks around points where the function is not finite", async () => {
    // Minimum at 2, not defined from 2.5 on; the first step from 0.1 lands beyond.
    const fn = ([x]: Float64Array) => ({
      value: x! < 2.5 && x! > 0 ? (x! - 2) ** 2 - 1e-3 * Math.log(2.5 - x!) : Number.NaN,
      gradient: [2 * (x! - 2) + 1e-3 / (2.5 - x!)],
    });
    const { status, x } = await minimizeLbfgs(fn, Float64Array.of(0.1));
    expect(status).toBe("converged");
    expect(Math.abs(x[0]! - 1.999)).toBeLessThan(1e-3);
  });

  it("names what it cannot use", async () => {
    const quadratic = ([x]: Float64Array) => ({ value: x! * x!, gradient: [2 * x!] });
    const start = Float64Array.of(1);
    const bad: object[] = [
      { memry: 5 },
      { memory: 0 },
      { maxIterations: -1 },
      { gradientTolerance: Number.NaN },
      { sufficientDecrease: 1 },
      { curvature: 1e-5 },
      { curvature: 1 },
    ];
    for (const options of bad) {
      const error: unknown = await minimizeLbfgs(quadratic, start, options).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect((error as InvalidArgumentError).argument).toBe(Object.keys(options)[0]);
    }
    await expect(minimizeLbfgs(() => ({ value: 0, gradient: [1, 2] }), start)).rejects.toThrow(
      "gradient: got",
    );
    await expect(minimizeLbfgs(() => ({ value: Number.NaN, gradient: [1] }), start)).rejects.toThrow(
      "start: got",
    );
  });
});
