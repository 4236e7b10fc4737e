import { jit, makeJaxpr, numpy as np, tree } from "@jax-js/jax";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Direction, Sofim } from "../../src/core/index.js";
import {
  applyUpdates,
  type Blocks,
  type GradientTransformation,
  InvalidArgumentError,
  type OptState,
  scaleBySofim,
  sofim,
} from "../../src/optim/index.js";
import { columnsFor } from "../../src/optim/norm.js";
import { expectClose, randomSigned } from "../core/helpers.js";
import { array, startJax, take, types, values } from "./jax.js";

beforeAll(startJax);

type Params = { a: np.Array; b: np.Array[]; c: np.Array };
const shapes = [[4, 5], [7], [], [3]] as const;
const sizes = [20, 7, 1, 3];

/** A tree with the given numbers, in leaf order. */
function makeTree(numbers: ArrayLike<number>, dtype: np.DType): Params {
  let at = 0;
  const [a, b0, b1, c] = shapes.map((shape, i) => {
    const data = Array.from({ length: sizes[i]! }, () => numbers[at++]!);
    return array(data, [...shape], dtype);
  }) as [np.Array, np.Array, np.Array, np.Array];
  return { a, b: [b0, b1], c };
}

const size = 31;

/** The weights after every gradient, by the transformation. */
function runTree(
  optimizer: GradientTransformation,
  start: ArrayLike<number>,
  gradients: ArrayLike<number>[],
  dtype: np.DType,
): number[] {
  let params = makeTree(start, dtype);
  let state = optimizer.init(tree.ref(params));
  const step = jit((g: Params, p: Params, s: OptState): [Params, OptState] => {
    const [updates, next] = optimizer.update(g, s, tree.ref(p));
    return [applyUpdates(p, updates), next];
  });
  for (const g of gradients) [params, state] = step(makeTree(g, dtype), params, state);
  step.dispose();
  tree.dispose(state);
  return take(params);
}

function draw(dtype: "float32" | "float64", count: number, seed: number) {
  const random = randomSigned(seed);
  return Array.from({ length: count }, () => {
    const flat = dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
    return flat.map(random);
  });
}

const blockings: [Blocks, "global" | number[]][] = [
  ["global", "global"],
  ["tensor", sizes],
  [([first]) => (first === "a" ? "matrix" : "rest"), [20, 11]],
];

describe("sofim equals Sofim of the core over 100 steps", () => {
  for (const dtype of ["float32", "float64"] as const) {
    for (const direction of ["moment", "gradient"] as Direction[]) {
      for (const [blocks, lengths] of blockings) {
        it(`${dtype}, ${direction}, blocks ${typeof blocks === "string" ? blocks : "by key"}`, () => {
          const options = { learningRate: 0.05, beta: 0.9, rho: 0.3, weightDecay: 0.02, direction };
          const [start, ...gradients] = draw(dtype, 101, 4);
          const flat = start!.slice();
          const core = new Sofim(size, { ...options, dtype, blocks: lengths });
          for (const g of gradients) core.step(flat, g);
          const actual = runTree(sofim({ ...options, blocks }), start!, gradients, np[dtype]);
          expectClose(actual, flat, dtype === "float32" ? 1e-5 : 1e-12);
        });
      }
    }
  }
});

describe("sofim on a tree equals sofim on the flattened tree", () => {
  it("to rounding", () => {
    const [start, ...gradients] = draw("float32", 21, 9);
    const optimizer = sofim({ learningRate: 0.05, rho: 0.3 });
    const step = jit((g: np.Array, p: np.Array, s: OptState): [np.Array, OptState] => {
      const [updates, next] = optimizer.update(g, s, p.ref);
      return [applyUpdates(p, updates), next];
    });
    let w = array(Array.from(start!), [size]);
    let state = optimizer.init(w.ref);
    for (const g of gradients) [w, state] = step(array(Array.from(g), [size]), w, state);
    step.dispose();
    tree.dispose(state);
    expectClose(runTree(optimizer, start!, gradients, np.float32), take(w), 1e-6);
  });
});

describe("scaleBySofim over the number range", () => {
  const step = (gradient: number[], options: Parameters<typeof scaleBySofim>[0], dtype = np.float32) => {
    const optimizer = scaleBySofim(options);
    const given = {
      x: array(gradient.slice(0, -1), [gradient.length - 1], dtype),
      y: array(gradient.slice(-1), [], dtype),
    };
    const [updates, state] = optimizer.update(given, optimizer.init(tree.ref(given)));
    tree.dispose(state);
    return take(updates);
  };

  it("equals the core's step for gradients of every size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -30, max: 30 }),
        fc.integer({ min: -12, max: 12 }),
        fc.constantFrom<Direction>("moment", "gradient"),
        fc.integer(),
        (exponent, rhoExponent, direction, seed) => {
          const random = randomSigned(seed);
          const gradient = Float32Array.from({ length: 5 }, () => random() * 10 ** exponent);
          const rho = 10 ** rhoExponent;
          const expected = new Float64Array(5);
          new Sofim(5, { learningRate: 1, rho, direction, dtype: "float64" }).step(
            expected,
            Float64Array.from(gradient),
          );
          // Below 1e-35 a step is near the smallest float32 numbers, which carry fewer digits.
          fc.pre(Math.hypot(...expected) > 1e-35);
          expectClose(
            step(Array.from(gradient), { rho, direction }),
            expected.map((x) => -x),
            1e-5,
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("gives zero for zero, with any rho", () => {
    for (const direction of ["moment", "gradient"] as const) {
      for (const rho of [1e-30, 0.1, 1e30])
        expect(step([0, 0, 0], { rho, direction }).map(Math.abs)).toEqual([0, 0, 0]);
    }
  });

  it("keeps a float64 tree exact beyond float32", () => {
    expectClose(step([3e60, 4e60], {}, np.float64), [(3 / 25) * 1e-60, (4 / 25) * 1e-60], 1e-12);
  });

  it("lets a gradient that is not finite show in every update", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(step([1, bad, 2], {}).every(Number.isFinite)).toBe(false);
    }
  });
});

describe("scaleBySofim on mixed trees", () => {
  it("has one norm over float32 and float64 leaves, and keeps their types", () => {
    const given = () => ({
      x: array([3], [1], np.float32),
      y: array([4], [1], np.float64),
      none: np.zeros([0], { dtype: np.float32 }),
    });
    const optimizer = scaleBySofim({ rho: 1 });
    const state = optimizer.init(given());
    const [updates, next] = optimizer.update(given(), state);
    expect(types(updates)).toEqual(["float32[1]", "float64[1]", "float32[0]"]);
    tree.dispose(next);
    expectClose(take(updates), [3 / 26, 4 / 26], 1e-6);
  });

  it("handles a tree of empty leaves, and an empty tree", () => {
    const optimizer = scaleBySofim();
    const [updates, next] = optimizer.update([np.zeros([0])], optimizer.init([np.zeros([0])]));
    expect(values(updates)).toEqual([]);
    tree.dispose([updates, next] as never);
    const [nothing, state] = optimizer.update({}, optimizer.init({}));
    expect(nothing).toEqual({});
    tree.dispose(state);
  });

  it("corrects the bias when beta changes", () => {
    let state = scaleBySofim({ rho: 1 }).init(np.zeros([1]));
    for (const beta of [0.9, 0.5, 0, 0.99]) {
      const [updates, next] = scaleBySofim({ rho: 1, beta }).update(np.array([2]), state);
      expectClose(take(updates), [2 / 5], 1e-6);
      state = next;
    }
    tree.dispose(state);
  });
});

describe("the norm", () => {
  /** The first element of the first update, M / |M|^2 but for a tiny rho. */
  const firstUpdate = (gradient: np.Array) => {
    const optimizer = scaleBySofim({ rho: 1e-12 });
    const [updates, state] = optimizer.update(gradient, optimizer.init(np.zeros(gradient.shape)));
    tree.dispose(state);
    return take(updates).slice(0, 1);
  };

  // Of equal terms the rounding errors all have one sign: two stages of 1,000 each are off by up to 1e-4, one of a million
  // by a percent.
  it.each([0.1, 0.3, 0.7, 5])("is accurate over many elements of size %s", (x) => {
    const size = Math.fround(x);
    expectClose(firstUpdate(np.full([1_000_003], x)), [1 / (size * 1_000_003)], 5e-5);
  });

  it("is accurate over many elements that differ", () => {
    const random = randomSigned(3);
    const gradient = Float32Array.from({ length: 1_000_003 }, random);
    const squares = gradient.reduce((sum, x) => sum + x * x, 0);
    expectClose(firstUpdate(array(Array.from(gradient), [1_000_003])), [gradient[0]! / squares], 1e-5);
  });

  it("takes rows near the square root, dividing the size where it can", () => {
    expect(columnsFor(256)).toBe(256);
    for (const n of [257, 400 * 120, 84 * 120, 1_000_003, 2 ** 20, 3 * 64 * 64 * 9]) {
      const columns = columnsFor(n);
      const root = Math.sqrt(n);
      expect(columns).toBeGreaterThan(root / 5);
      expect(columns).toBeLessThan(root * 5);
    }
    expect(48_000 % columnsFor(48_000)).toBe(0);
    expect(columnsFor(2 ** 20)).toBe(1024);
  });

  it("costs a fixed number of passes over each leaf", () => {
    const optimizer = sofim({ learningRate: 0.1 });
    const w = np.zeros([40, 50]);
    const state = optimizer.init(w.ref);
    const { jaxpr } = makeJaxpr((g: np.Array, s: typeof state) => optimizer.update(g, s) as never)(w, state);
    const full = jaxpr.jaxpr
      .flatten()
      .simplify()
      .eqns.filter((eqn) => eqn.inputs.some((x) => x.aval.size === 2000));
    const count = (name: string) => full.filter((eqn) => eqn.primitive === name).length;
    // Moment: mul, mul, add. Norm: square, sum. Step: mul by the factor, which has the learning rate in it. For numbers out
    // of range: sum of |M| (which jax-js makes of a mul by -1), mul by 1/s, square, sum, mul.
    expect([count("mul"), count("add"), count("reduce"), count("where")]).toEqual([8, 1, 3, 2]);
  });
});

describe("sofim's options", () => {
  const bad: [string, object][] = [
    ["learningRate", { learningRate: -1 }],
    ["learningRate", { learningRate: Number.NaN }],
    ["rho", { rho: 0 }],
    ["rho", { rho: Number.NaN }],
    ["rho", { rho: np.zeros([2]) }],
    ["beta", { beta: 1 }],
    ["beta", { beta: -0.1 }],
    ["weightDecay", { weightDecay: -1 }],
    ["direction", { direction: "up" }],
    ["blocks", { blocks: "layer" }],
    ["mask", { mask: { w: true } }],
  ];
  it.each(bad)("rejects a wrong %s", (argument, options) => {
    let error: unknown;
    try {
      sofim(options);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as InvalidArgumentError).argument).toBe(argument);
  });

  it("asks for the parameters where weights decay, and for its own state", () => {
    const optimizer = sofim({ weightDecay: 0.1 });
    expect(() => optimizer.update(np.zeros([1]), optimizer.init(np.zeros([1])))).toThrow(
      /^params: got undefined/,
    );
    expect(() => scaleBySofim().update(np.zeros([1]), { trace: np.zeros([1]) })).toThrow(
      /^state: got an object/,
    );
    expect(() => sofim().update(np.zeros([1]), [])).toThrow(/^state: got an array of length 0/);
  });
});
