import { jit, numpy as np, random, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type GradientTransformation,
  nysNewton,
  type OptState,
  partition,
  scaleByNysNewton,
  trainingStep,
} from "../../src/optim/index.js";
import { randomColumns } from "../../src/optim/random-columns.js";
import { absoluteMatrix, invertPositive } from "../../src/optim/small-matrices.js";
import { expectClose, randomSigned } from "../core/helpers.js";
import { adapterNames, adapters, read, save } from "./contract/adapters.js";
import { dot, eigen, type Matrix, multiply, ofEigenvalues, solve, transpose } from "./dense.js";
import { array, startJax, take, values } from "./jax.js";
import { type QuarticParams, quartic, size } from "./quartic.js";
import { spied } from "./spied.js";

beforeAll(startJax);

const toArray = (a: Matrix): np.Array => array(a.flat(), [a.length, a[0]!.length], np.float64);

/** A symmetric matrix with these eigenvalues. */
function withEigenvalues(eigenvalues: readonly number[], seed: number): number[][] {
  const draw = randomSigned(seed);
  const half = eigenvalues.map(() => eigenvalues.map(draw));
  const { vectors } = eigen(half.map((row, i) => row.map((x, j) => x + half[j]![i]!)));
  const scaled = vectors.map((row, k) => row.map((x) => x * eigenvalues[k]!));
  return multiply(transpose(vectors), scaled);
}

describe("absoluteMatrix", () => {
  it.each([[[5, -3, 2, -1, 0.5]], [[1, 2, 3, 4]], [[-1e20, 3e19, -2e18]], [[1e-20, -1e-21]], [[-2]]])(
    "equals the eigenvalues' magnitudes for %j",
    (eigenvalues) => {
      const matrix = withEigenvalues(eigenvalues, 3);
      expectClose(take(absoluteMatrix(toArray(matrix))), ofEigenvalues(matrix, Math.abs).flat(), 1e-13);
    },
  );

  it("is 0 for 0, and never negative however small an eigenvalue is", () => {
    expect(take(absoluteMatrix(np.zeros([2, 2], { dtype: np.float64 })))).toEqual([0, 0, 0, 0]);
    const matrix = withEigenvalues([1, -1e-5, 1e-9, -1e-12, 0], 5);
    const flat = take(absoluteMatrix(toArray(matrix)));
    expectClose(flat, ofEigenvalues(matrix, Math.abs).flat(), 1e-9);
    const found = eigen(matrix.map((row, i) => row.map((_, j) => flat[i * row.length + j]!)));
    expect(Math.min(...found.values)).toBeGreaterThan(-1e-15);
  });
});

describe("invertPositive", () => {
  it.each([[[3, 2, 1]], [[1e6, 1, 1e-3]], [[1e-20, 3e-20]], [[4e200]]])(
    "inverts eigenvalues %j",
    (eigenvalues) => {
      const matrix = withEigenvalues(eigenvalues, 8);
      const inverse = take(invertPositive(toArray(matrix)));
      const condition = Math.max(...eigenvalues) / Math.min(...eigenvalues);
      // Both inverses carry float64's rounding times the condition number.
      expectClose(inverse, ofEigenvalues(matrix, (x) => 1 / x).flat(), 2e-15 * condition + 1e-14);
    },
  );

  it("gives rows of zeros for rows of zeros, and stays bounded without full rank", () => {
    const matrix = [
      [2, 0, 1],
      [0, 0, 0],
      [1, 0, 1],
    ];
    expectClose(take(invertPositive(toArray(matrix))), [1, 0, -1, 0, 0, 0, -1, 0, 2], 1e-11);
    const ones = [
      [1, 1],
      [1, 1],
    ];
    const inverse = take(invertPositive(toArray(ones)));
    // Applied to what lies in the range, the near-infinite part cancels.
    const [a, b] = [inverse[0]! * 3 + inverse[1]! * 3, inverse[2]! * 3 + inverse[3]! * 3];
    expect(Math.abs(a + b - 3)).toBeLessThan(1e-2);
  });
});

describe("randomColumns", () => {
  it("draws every set of different places equally often", () => {
    const draw = jit((key: np.Array) => randomColumns(key, 2, 5));
    const counts = new Map<string, number>();
    const draws = 2000;
    for (let seed = 0; seed < draws; seed++) {
      const set = take(draw(random.key(seed))).sort((a, b) => a - b);
      expect(set[0]).not.toBe(set[1]);
      counts.set(set.join(), (counts.get(set.join()) ?? 0) + 1);
    }
    draw.dispose();
    expect(counts.size).toBe(10);
    // Chi-squared with 9 degrees of freedom exceeds 30 once in 2000 draws.
    const expected = draws / 10;
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(chiSquared).toBeLessThan(30);
  });

  it("can draw all places, and places beyond float32's whole numbers", () => {
    expect(take(randomColumns(random.key(1), 7, 7)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const far = take(randomColumns(random.key(1), 30, 2 ** 31 - 1));
    expect(far.every((x) => Number.isInteger(x) && x >= 0 && x < 2 ** 31 - 1)).toBe(true);
    expect(far.some((x) => x % 2 === 1)).toBe(true);
  });
});

interface PlainOptions {
  readonly learningRate: number;
  readonly rho: number;
}

/** One step with the d x d matrix C |W|^+ C' + rho I, formed and solved. */
function plainStep(
  problem: ReturnType<typeof quartic>,
  w: readonly number[],
  places: readonly number[],
  { learningRate, rho }: PlainOptions,
): number[] {
  const h = problem.hessian(w);
  const c = h.map((row) => places.map((j) => row[j]!));
  const inverse = ofEigenvalues(
    places.map((j) => c[j]!),
    (x) => (x === 0 ? 0 : 1 / Math.abs(x)),
  );
  const nystrom = multiply(multiply(c, inverse), transpose(c));
  const regularized = nystrom.map((row, i) => row.map((x, j) => (i === j ? x + rho : x)));
  const step = solve(regularized, problem.gradient(w));
  return w.map((x, i) => x - learningRate * step[i]!);
}

const cases = [
  ["a convex loss", 6, 5, { learningRate: 0.08, rho: 0.5 }],
  ["a convex loss, small rho", 6, 5, { learningRate: 1e-3, rho: 1e-2 }],
  ["a loss that is not convex", 0, 5, { learningRate: 0.2, rho: 0.7 }],
  ["all columns", 6, size, { learningRate: 0.9, rho: 0.05 }],
  ["one column", 6, 1, { learningRate: 0.1, rho: 1 }],
] as const;

describe.each(cases)("nysNewton with %s", (_, shift, columns, options) => {
  it.each([
    ["float64", 1e-10],
    ["float32", 1e-6],
  ] as const)("equals a dense float64 implementation over 4 steps in %s", (dtype, tolerance) => {
    const problem = quartic(5, shift);
    const units: number[][] = [];
    const optimizer = spied(nysNewton({ ...options, columns, seed: 4 }), units);
    const step = trainingStep(problem.loss, optimizer);
    let params = problem.params(np[dtype]);
    let state = optimizer.init(tree.ref(params));
    let w: readonly number[] = problem.start;
    for (let i = 0; i < 4; i++) {
      const [value, nextParams, nextState] = step(params, state);
      value.dispose();
      [params, state] = [nextParams, nextState];
      const places = units.splice(0).map((unit) => unit.indexOf(1));
      expect(new Set(places).size).toBe(columns);
      w = plainStep(problem, w, places, options);
      expectClose(values(params), w, tolerance);
    }
    tree.dispose([params, state] as never);
  });
});

describe("nysNewton", () => {
  const problem = quartic(3, 6);
  const advance = (optimizer: GradientTransformation, flags: readonly boolean[]) => {
    let params = problem.params(np.float64);
    let state = optimizer.init(tree.ref(params));
    for (const refreshCurvature of flags) {
      const step = trainingStep(problem.loss, optimizer, { refreshCurvature });
      const [value, nextParams, nextState] = step(params, state);
      value.dispose();
      [params, state] = [nextParams, nextState];
    }
    tree.dispose(state);
    return take(params);
  };

  it("with all columns is Newton's method: (H + rho I)^-1 g", () => {
    const reached = advance(nysNewton({ learningRate: 1, rho: 0.1, columns: size }), [true]);
    const h = problem.hessian(problem.start).map((row, i) => row.map((x, j) => (i === j ? x + 0.1 : x)));
    const step = solve(h, problem.gradient(problem.start));
    expectClose(
      reached,
      problem.start.map((x, i) => x - step[i]!),
      1e-12,
    );
  });

  it("reuses the curvature where it is not refreshed, and takes g / rho before the first refresh", () => {
    const units: number[][] = [];
    const options = { learningRate: 0.3, rho: 0.5, columns: 6 };
    const reached = advance(spied(nysNewton(options), units), [true, false]);
    expect(units).toHaveLength(6);
    const places = units.map((unit) => unit.indexOf(1));
    const first = plainStep(problem, problem.start, places, options);
    const frozen = { ...problem, hessian: () => problem.hessian(problem.start) };
    expectClose(reached, plainStep(frozen, first, places, options), 1e-10);

    const none = advance(nysNewton(options), [false]);
    const gradient = problem.gradient(problem.start);
    expectClose(
      none,
      problem.start.map((x, i) => x - (0.3 * gradient[i]!) / 0.5),
      1e-12,
    );
  });

  it("never goes uphill, nor further than g / rho", () => {
    const bent = quartic(11, -2);
    const optimizer = scaleByNysNewton({ rho: 0.05, columns: 8 });
    const gradient = bent.gradient(bent.start);
    for (let seed = 0; seed < 5; seed++) {
      const units: number[][] = [];
      const one = spied(scaleByNysNewton({ rho: 0.05, columns: 8, seed }), units);
      const params = bent.params(np.float64);
      const [value, next] = trainingStep<QuarticParams, []>(bent.loss, one)(
        params,
        optimizer.init(tree.ref(params)),
      );
      value.dispose();
      const update = take(next).map((x, i) => x - bent.start[i]!);
      expect(dot(update, gradient)).toBeGreaterThan(0);
      expect(Math.hypot(...update)).toBeLessThanOrEqual(Math.hypot(...gradient) / 0.05);
    }
  });

  it.each([
    [15, 8],
    [8, 8],
    [5, 5],
    [1, 1],
  ])("samples of %d weights %d columns, if it is not told how many", (weights, columns) => {
    const state = scaleByNysNewton().init(np.zeros([weights])) as { columns: np.Array };
    expect(state.columns.shape).toEqual([columns, weights]);
    tree.dispose(state);
  });

  it.each(adapterNames)("with default options steps through small and empty groups on %s", async (name) => {
    const { compile, load } = adapters[name];
    const small = nysNewton({ learningRate: 1, rho: 1e-4 });
    const optimizer = partition({ small, none: nysNewton(), rest: nysNewton() }, { w: "small" });
    const curvatures = () => np.array([1, 10, 100], { dtype: np.float32 });
    const loss = ({ w }: { w: np.Array }) => np.sum(np.square(w.sub(1)).mul(curvatures()));
    const step = compile(trainingStep(loss, optimizer) as never) as never as (
      params: { w: np.Array },
      state: OptState,
    ) => Promise<[np.Array, { w: np.Array }, OptState]>;
    const start = { w: np.zeros([3], { dtype: np.float32 }) };
    const initial = optimizer.init(tree.ref(start));
    const [params, state] = [load(save(start)), load(save(initial))];
    tree.dispose([start, initial] as never);
    const after = await step(params, state);
    // All three columns make it Newton's method.
    expectClose(read(after[1]), [1, 1, 1], 1e-3);
    tree.dispose(after as never);
  });

  it("names what it lacks", () => {
    const params = problem.params(np.float32);
    const optimizer = nysNewton();
    const state = optimizer.init(tree.ref(params));
    expect(() => optimizer.update(tree.ref(params), state, params)).toThrow(
      "extra.hessianVectorProduct: got undefined, want what nysNewton needs",
    );
    expect(() => nysNewton({ columns: 16 }).init(problem.params(np.float32))).toThrow(
      "columns: got 16, want at most the number of weights, 15",
    );
  });

  it.each([
    ["rho", { rho: 0 }],
    ["rho", { rho: Number.NaN }],
    ["columns", { columns: 0 }],
    ["columns", { columns: 2.5 }],
    ["columns", { columns: 65 }],
    ["seed", { seed: -1 }],
    ["learningRate", { learningRate: -1 }],
  ])("rejects a wrong %s", (argument, options) => {
    expect(() => nysNewton(options)).toThrow(new RegExp(`^${argument}: got`));
  });
});
