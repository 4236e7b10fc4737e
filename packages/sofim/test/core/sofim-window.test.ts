import { describe, expect, it } from "vitest";
import { GradientWindow } from "../../src/core/gradient-window.js";
import { type FloatArray, type FloatType, InvalidArgumentError, Sofim } from "../../src/core/index.js";
import { windowKernelsOf } from "../../src/core/kernels/window.js";
import { DenseWindow, gradientSequences, mixedSequence } from "./dense-window.js";
import { expectClose, randomSigned } from "./helpers.js";
import { Rational, solveExactly } from "./rational.js";

const settings = { beta: 0.9, rho: 0.1 };
const lengths = [1, 2, 8, 32, 64];

const floats = (dtype: FloatType, size: number): FloatArray =>
  dtype === "float32" ? new Float32Array(size) : new Float64Array(size);

/** F^-1 Mh of every step: the way that weights at zero go down. */
function stepper(size: number, dtype: FloatType, window: number) {
  const optimizer = new Sofim(size, { ...settings, window, dtype, learningRate: 1 });
  return (gradient: Float32Array) => {
    const weights = floats(dtype, size);
    const given = floats(dtype, size);
    given.set(gradient);
    expect(optimizer.step(weights, given).skipped).toBe(false);
    return weights.map((x) => -x);
  };
}

describe("Sofim with a window equals the dense solve", () => {
  // Float32 rounds the step itself by 3e-8 of its length; all sums are float64. In float64 the dense solve itself is
  // only good to its condition: the gradients of the sequences that are huge have |g|^2 / rho = 3e8.
  const tolerance = (dtype: FloatType, largest: number) =>
    dtype === "float32" ? 1e-6 : 1e-10 + (largest / settings.rho) * Number.EPSILON;
  for (const dtype of ["float32", "float64"] as const) {
    it.each(lengths)(`${dtype}, window %d, over gradients of all kinds`, (window) => {
      compare(dtype, 50, window, mixedSequence);
    });

    it.each(Object.entries(gradientSequences))(`${dtype}, window 8, gradients %s`, (_, sequence) => {
      compare(dtype, 30, 8, sequence);
    });
  }

  it.each([8, 64])("200 weights, window %d", (window) => {
    compare("float64", 200, window, gradientSequences.random!, 10);
  });

  function compare(
    dtype: FloatType,
    size: number,
    window: number,
    sequence: (size: number, seed: number) => (step: number) => Float32Array,
    every = 1,
  ): void {
    const dense = new DenseWindow({ ...settings, window });
    const step = stepper(size, dtype, window);
    const gradientAt = sequence(size, window);
    let largest = 0;
    for (let t = 0; t < 200; t++) {
      const gradient = gradientAt(t);
      largest = Math.max(largest, Math.hypot(...gradient) ** 2);
      const actual = step(gradient);
      dense.push(gradient);
      if (t % every !== 0) continue;
      const expected = dense.solve();
      if (expected.some((x) => x !== 0)) expectClose(actual, expected, tolerance(dtype, largest));
      else expect(Array.from(actual, Math.abs)).toEqual(Array.from(expected));
    }
  }
});

describe("Sofim with a window at the ends of the number range", () => {
  const size = 4;
  const exact = Rational.from;

  /** Small whole numbers, which keep exact fractions short. */
  function integers(count: number, seed: number): Float64Array[] {
    const random = randomSigned(seed);
    return Array.from({ length: count }, () =>
      Float64Array.from({ length: size }, () => Math.round(9 * random())),
    );
  }

  /** The last step of a run with beta 1/2, in exact fractions. */
  function exactStep(gradients: readonly Float64Array[], window: number, rho: Rational): number[] {
    const given = gradients.map((g) => Array.from(g, exact));
    const half = exact(0.5);
    const zero = exact(0);
    let moment = given[0]!.map(() => zero);
    let weight = zero;
    for (const g of given) {
      moment = moment.map((m, i) => half.times(m.plus(g[i]!)));
      weight = half.times(weight.plus(exact(1)));
    }
    const rows = given.slice(-window);
    const product = (i: number, j: number) =>
      rows.reduce((sum, row) => sum.plus(row[i]!.times(row[j]!)), zero).over(exact(rows.length));
    const fisher = moment.map((_, i) =>
      moment.map((_, j) => (i === j ? product(i, j).plus(rho) : product(i, j))),
    );
    const right = moment.map((m) => m.over(weight));
    return solveExactly(fisher, right).map((x) => x.toNumber());
  }

  const cases: [gradients: number, rho: number][] = [
    [2 ** -700, 2 ** -1000],
    [2 ** -700, 1],
    [2 ** -100, 2 ** -200],
    [2 ** 100, 2 ** 190],
    [2 ** 500, 2 ** 990],
  ];
  it.each(cases)("gradients of %d, rho %d", (scale, rho) => {
    for (const window of [1, 3]) {
      const gradients = integers(6, window);
      const optimizer = new Sofim(size, { learningRate: 1, rho, beta: 0.5, window, dtype: "float64" });
      gradients.forEach((gradient, t) => {
        const weights = new Float64Array(size);
        optimizer.step(
          weights,
          gradient.map((x) => x * scale),
        );
        // Gradients s times larger and a rho s^2 times larger make a step s times shorter.
        const unitRho = exact(rho).over(exact(scale)).over(exact(scale));
        const expected = exactStep(gradients.slice(0, t + 1), window, unitRho);
        expectClose(
          weights.map((x) => -x * scale),
          expected,
          1e-10,
        );
      });
    }
  });

  it("ordinary gradients before and after one whose square is beyond float64", () => {
    const gradients = integers(6, 5).map((g, t) => g.map((x) => (t === 1 ? x * 2 ** 600 : x)));
    const optimizer = new Sofim(size, { learningRate: 1, rho: 0.5, beta: 0.5, window: 6, dtype: "float64" });
    gradients.forEach((gradient, t) => {
      const weights = new Float64Array(size);
      optimizer.step(weights, gradient);
      const expected = exactStep(gradients.slice(0, t + 1), 6, exact(0.5));
      expectClose(
        weights.map((x) => -x),
        expected,
        1e-10,
      );
    });
  });

  it("zero gradients change nothing, with the smallest rho", () => {
    const optimizer = new Sofim(3, { rho: Number.MIN_VALUE, window: 2 });
    const weights = Float32Array.of(1, -2, 3);
    for (let t = 0; t < 4; t++) optimizer.step(weights, new Float32Array(3));
    expect([...weights]).toEqual([1, -2, 3]);
  });

  it("stays bounded where float64 cannot tell gradients apart", () => {
    const optimizer = new Sofim(3, { learningRate: 1, rho: 1e-3, window: 4, dtype: "float64" });
    for (let t = 0; t < 8; t++) {
      const weights = new Float64Array(3);
      optimizer.step(weights, Float64Array.of(1e12, 2e12, -1e12));
      // 1 / |g| on paper. A step along a gradient of any size is at most 1 / (2 sqrt(rho)) long.
      expect(Math.hypot(...weights)).toBeLessThan(0.5 / Math.sqrt(1e-3));
    }
  });
});

describe("Sofim with a window", () => {
  it("takes k inner products of gradients a step, and one with the tail", () => {
    let products = 0;
    let wide = 0;
    const { float32 } = windowKernelsOf;
    const window = new GradientWindow(6, 20, "float32", {
      ...float32,
      innerProduct(...args) {
        products++;
        return float32.innerProduct(...args);
      },
      innerProductWide(...args) {
        wide++;
        return float32.innerProductWide(...args);
      },
    });
    const counts = Array.from({ length: 10 }, (_, t) => {
      [products, wide] = [0, 0];
      window.push(new Float32Array(20).fill(t + 1), t + 1, 0.9);
      return [products, wide];
    });
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 6, 6, 6, 6].map((count) => [count, 1]));
  });

  it("with one gradient that is always the same steps as without a window", () => {
    const options = { learningRate: 0.3, rho: 0.5, weightDecay: 0.1, dtype: "float64" } as const;
    const gradient = Float64Array.of(1, -2, 0.5);
    const [a, b] = [new Sofim(3, options), new Sofim(3, { ...options, window: 3 })];
    const [x, y] = [Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 3)];
    for (let t = 0; t < 10; t++) {
      const { momentNormSquared, scale } = a.step(x, gradient);
      const windowed = b.step(y, gradient);
      expectClose([windowed.momentNormSquared, windowed.scale], [momentNormSquared, scale], 1e-12);
      expectClose(y, x, 1e-12);
    }
  });

  it("skips a gradient that is not finite, and is then as it was", () => {
    const optimizer = new Sofim(2, { window: 3 });
    const weights = new Float32Array(2);
    optimizer.step(weights, Float32Array.of(1, 2));
    const before = optimizer.state();
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const { skipped, scale, momentNormSquared } = optimizer.step(weights, Float32Array.of(bad, 1));
      expect([skipped, scale, momentNormSquared]).toEqual([true, 0, Number.NaN]);
    }
    expect(optimizer.state()).toEqual({ ...before, skippedSteps: 2 });
  });

  it.each(["float32", "float64"] as const)("continues from its state to the last bit (%s)", (dtype) => {
    const size = 5000;
    const random = randomSigned(7);
    const draw = () => floats(dtype, size).map(random);
    for (const before of [2, 9]) {
      const options = { window: 4, dtype } as const;
      const optimizer = new Sofim(size, options);
      const weights = draw();
      for (let t = 0; t < before; t++) optimizer.step(weights, draw());
      const restored = new Sofim(size, options);
      restored.restore(structuredClone(optimizer.state()));
      const copy = weights.slice();
      for (let t = 0; t < 7; t++) {
        const gradient = draw();
        optimizer.step(weights, gradient);
        restored.step(copy, gradient);
      }
      expect(copy).toEqual(weights);
      expect(restored.state()).toEqual(optimizer.state());
    }
  });

  it("hands out copies of its state", () => {
    const optimizer = new Sofim(2, { window: 2 });
    optimizer.step(new Float32Array(2), Float32Array.of(1, 2));
    const state = optimizer.state();
    const before = structuredClone(state);
    optimizer.step(new Float32Array(2), Float32Array.of(3, 4));
    expect(state).toEqual(before);
  });
});

describe("Sofim with a window refuses", () => {
  const argumentOf = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof InvalidArgumentError) return error.argument;
    }
    return "nothing";
  };

  it.each([
    ["window", { window: 0 }],
    ["window", { window: 1.5 }],
    ["window", { window: Number.NaN }],
    ["blocks", { window: 2, blocks: [1, 2] }],
    ["direction", { window: 2, direction: "gradient" }],
  ] as const)("a wrong %s", (argument, options) => {
    expect(argumentOf(() => new Sofim(3, options))).toBe(argument);
  });

  it("states that do not fit, and stays as it was", () => {
    const optimizer = new Sofim(3, { window: 2 });
    optimizer.step(new Float32Array(3), Float32Array.of(1, 2, 3));
    const good = optimizer.state();
    const window = good.window!;
    const bad: [string, unknown][] = [
      ["state.window", { ...good, window: undefined }],
      ["state.moment", { ...good, moment: new Float32Array(3) }],
      ["state.window.filled", { ...good, window: { ...window, filled: 3 } }],
      ["state.window.gradients", { ...good, window: { ...window, gradients: [new Float32Array(3)] } }],
      [
        "state.window.gradients[1]",
        { ...good, window: { ...window, gradients: [new Float32Array(3), new Float64Array(3)] } },
      ],
      ["state.window.gram", { ...good, window: { ...window, gram: new Float64Array(3) } }],
      ["state.window.shares[1]", { ...good, window: { ...window, shares: Float64Array.of(0, Number.NaN) } }],
    ];
    for (const [argument, state] of bad) {
      expect(argumentOf(() => optimizer.restore(state as never))).toBe(argument);
    }
    expect(optimizer.state()).toEqual(good);
    expect(argumentOf(() => new Sofim(3).restore(good))).toBe("state.window");
    expect(argumentOf(() => new Sofim(3, { window: 3 }).restore(good))).toBe("state.window.gradients");
  });
});
