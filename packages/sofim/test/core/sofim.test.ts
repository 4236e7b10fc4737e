import { describe, expect, it } from "vitest";
import { type FloatArray, Sofim, type SofimOptions } from "../../src/core/index.js";
import { expectClose, randomSigned } from "./helpers.js";

/** The method as the paper writes it: powers of beta, plain sums, no scaling. */
function plainSofim(
  start: ArrayLike<number>,
  gradients: readonly ArrayLike<number>[],
  o: Required<Omit<SofimOptions, "window">>,
) {
  const w = Array.from(start);
  const m = w.map(() => 0);
  const lengths = o.blocks === "global" ? [w.length] : o.blocks;
  gradients.forEach((g, t) => {
    for (let i = 0; i < w.length; i++) m[i] = o.beta * m[i]! + (1 - o.beta) * g[i]!;
    const mh = m.map((x) => x / (1 - o.beta ** (t + 1)));
    let from = 0;
    for (const length of lengths) {
      const range = Array.from({ length }, (_, i) => from + i);
      const normSquared = range.reduce((sum, i) => sum + mh[i]! ** 2, 0);
      const mhg = range.reduce((sum, i) => sum + mh[i]! * g[i]!, 0);
      for (const i of range) {
        const direction =
          o.direction === "moment"
            ? mh[i]! / (o.rho + normSquared)
            : g[i]! / o.rho - (mh[i]! * mhg) / (o.rho * (o.rho + normSquared));
        w[i] = w[i]! - o.learningRate * (direction + o.weightDecay * w[i]!);
      }
      from += length;
    }
  });
  return w;
}

const tolerance = { float32: 1e-5, float64: 1e-12 };

function randomArrays(dtype: "float32" | "float64", size: number, count: number, seed: number): FloatArray[] {
  const random = randomSigned(seed);
  return Array.from({ length: count }, () => {
    const array = dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
    return array.map(random);
  });
}

describe("Sofim over many steps", () => {
  for (const dtype of ["float32", "float64"] as const) {
    for (const direction of ["moment", "gradient"] as const) {
      for (const blocks of ["global", [3, 1, 9]] as const) {
        for (const weightDecay of [0, 0.1]) {
          it(`${dtype}, ${direction}, blocks ${blocks}, weight decay ${weightDecay}`, () => {
            const options = {
              learningRate: 0.03,
              beta: 0.9,
              rho: 0.2,
              weightDecay,
              direction,
              blocks,
              dtype,
            };
            const [weights, ...gradients] = randomArrays(dtype, 13, 101, 5);
            const expected = plainSofim(weights!, gradients, options);
            const optimizer = new Sofim(13, options);
            for (const g of gradients) optimizer.step(weights!, g);
            expectClose(weights!, expected, tolerance[dtype]);
            expect(optimizer.steps).toBe(100);
          });
        }
      }
    }
  }

  it("corrects the bias for a beta that changes: the moment of a constant gradient is that gradient", () => {
    const optimizer = new Sofim(3, { dtype: "float64", rho: 1 });
    for (const beta of [0.9, 0.5, 0, 0.99, 0.999]) {
      optimizer.beta = beta;
      const { momentNormSquared } = optimizer.step(new Float64Array(3), Float64Array.of(1, 2, 2));
      expect(momentNormSquared).toBeCloseTo(9, 12);
    }
  });
});

describe("Sofim's diagnostics", () => {
  it("are the norm and the factor of the step", () => {
    const weights = Float64Array.of(0, 0);
    const optimizer = new Sofim(2, { dtype: "float64", learningRate: 0.5, rho: 1 });
    const report = optimizer.step(weights, Float64Array.of(3, 4));
    expect(report.momentNormSquared).toBeCloseTo(25, 12);
    expect(report.scale).toBeCloseTo(0.5 / 26, 14);
    expectClose(weights, [-3 * report.scale, -4 * report.scale], 1e-14);
    expect(optimizer.step(weights, Float64Array.of(1, 1))).toBe(report);
  });

  it("stand per block as well", () => {
    const optimizer = new Sofim(3, { dtype: "float64", learningRate: 1, rho: 1, blocks: [1, 2] });
    const report = optimizer.step(new Float64Array(3), Float64Array.of(2, 3, 4));
    expect(report.blocks.map((b) => Math.round(b.momentNormSquared * 1e9) / 1e9)).toEqual([4, 25]);
    expect(report.momentNormSquared).toBeCloseTo(29, 12);
    expect(report.scale).toBeCloseTo(1 / 5, 12);
  });
});

describe("Sofim at the ends of the number range", () => {
  const step = (gradient: number[], options: SofimOptions) => {
    const weights = new Float64Array(gradient.length);
    const optimizer = new Sofim(gradient.length, { learningRate: 1, dtype: "float64", ...options });
    const report = { ...optimizer.step(weights, Float64Array.from(gradient)) };
    return { weights, report, optimizer };
  };

  it.each([1e155, 1e200, 1e300])("gradients of %d take the tiny step g / |g|^2", (size) => {
    for (const direction of ["moment", "gradient"] as const) {
      const { weights, report } = step([3 * size, 4 * size], { direction });
      expect(report.skipped).toBe(false);
      expectClose(weights, [-(3 / 25) / size, -(4 / 25) / size], 1e-12);
    }
  });

  it.each([1e-155, 1e-200, 1e-300])("gradients of %d take the step g / rho", (size) => {
    for (const direction of ["moment", "gradient"] as const) {
      expectClose(step([3 * size, 4 * size], { direction, rho: 0.5 }).weights, [-6 * size, -8 * size], 1e-12);
    }
  });

  it("gradients and rho so small that the squares underflow", () => {
    for (const direction of ["moment", "gradient"] as const) {
      const { weights } = step([3e-155, 4e-155], { direction, rho: 25e-310 });
      expectClose(weights, [-3e-155 / 50e-310, -4e-155 / 50e-310], 1e-12);
      // |Mh|^2 = 2.5e-319 is subnormal but 5e4 times rho.
      const smallest = step([3e-160, 4e-160], { direction, rho: 5e-324 }).weights;
      expectClose(smallest, [-(3 / 25) * 1e160, -(4 / 25) * 1e160], 3e-5);
    }
  });

  it("a second huge gradient across the first is split into its parts", () => {
    const huge = 1e200;
    const { optimizer } = step([huge, 0], { direction: "gradient", beta: 0.5, rho: 1 });
    const weights = new Float64Array(2);
    optimizer.step(weights, Float64Array.of(0, huge));
    // Mh = (1/3, 2/3) huge, so g_perp = (-2/5, 1/5) huge, and the part along Mh is of order 1 / huge.
    expectClose(weights, [(2 / 5) * huge, -(1 / 5) * huge], 1e-12);
  });

  it("a zero gradient changes nothing, even with the smallest rho", () => {
    for (const direction of ["moment", "gradient"] as const) {
      for (const rho of [5e-324, 0.1]) {
        const { weights, report } = step([0, 0], { direction, rho });
        expect(Array.from(weights, (x) => Math.abs(x))).toEqual([0, 0]);
        expect(report).toMatchObject({ momentNormSquared: 0, skipped: false });
      }
    }
  });

  it("the whole float32 range", () => {
    for (const size of [1e-44, 1e-30, 1e19, 3e38]) {
      const gradient = Float32Array.of(size, -size);
      const weights = new Float32Array(2);
      new Sofim(2, { learningRate: 0.1, rho: 0.1 }).step(weights, gradient);
      const each = (0.1 * gradient[0]!) / (0.1 + 2 * gradient[0]! ** 2);
      expectClose(weights, [-Math.fround(each), Math.fround(each)], 1e-6);
    }
  });
});

describe("Sofim skips a gradient that is not finite", () => {
  for (const dtype of ["float32", "float64"] as const) {
    for (const direction of ["moment", "gradient"] as const) {
      it(`${dtype}, ${direction}`, () => {
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          for (const at of [0, 5, 10]) {
            const optimizer = new Sofim(11, { dtype, direction, blocks: [4, 7], weightDecay: 0.1 });
            const [weights, first, second] = randomArrays(dtype, 11, 3, 8);
            optimizer.step(weights!, first!);
            const before = { weights: weights!.slice(), state: optimizer.state() };
            second![at] = bad;
            const report = optimizer.step(weights!, second!);
            expect(report).toMatchObject({ skipped: true, scale: 0, momentNormSquared: Number.NaN });
            expect(weights).toEqual(before.weights);
            expect(optimizer.state()).toEqual({ ...before.state, skippedSteps: 1 });
            expect(optimizer.step(weights!, first!).skipped).toBe(false);
          }
        }
      });
    }
  }
});

describe("Sofim's state", () => {
  it("is one buffer as large as the weights, and is not reallocated", () => {
    const bytes = (n: number) => n * Float32Array.BYTES_PER_ELEMENT;
    const created: number[] = [];
    const Original = globalThis.Float32Array;
    const size = 1000;
    globalThis.Float32Array = new Proxy(Original, {
      construct(target, args, newTarget) {
        const array = Reflect.construct(target, args, newTarget) as Float32Array;
        created.push(array.byteLength);
        return array;
      },
    });
    try {
      const optimizer = new Sofim(size);
      const weights = new Original(size);
      const gradient = new Original(size).fill(1);
      for (let i = 0; i < 10; i++) optimizer.step(weights, gradient);
    } finally {
      globalThis.Float32Array = Original;
    }
    expect(created).toEqual([bytes(size)]);
  });

  it.each(["float32", "float64"] as const)("restored, continues to the last bit (%s)", (dtype) => {
    const options = { dtype, learningRate: 0.05, rho: 0.3, weightDecay: 0.01, blocks: [5, 6] };
    const [weights, ...gradients] = randomArrays(dtype, 11, 21, 2);
    const first = new Sofim(11, options);
    for (const g of gradients.slice(0, 10)) first.step(weights!, g);
    const saved = structuredClone({ weights: weights!, state: first.state() });
    for (const g of gradients.slice(10)) first.step(weights!, g);

    const second = new Sofim(11, options);
    second.restore(saved.state);
    for (const g of gradients.slice(10)) second.step(saved.weights, g);
    expect(saved.weights).toEqual(weights);
    expect(second.state()).toEqual(first.state());
  });

  it("is a copy both ways", () => {
    const optimizer = new Sofim(2);
    optimizer.step(new Float32Array(2), Float32Array.of(1, 1));
    const state = optimizer.state();
    const before = optimizer.state();
    optimizer.restore(state);
    state.moment.fill(7);
    expect(optimizer.state()).toEqual(before);
  });
});
