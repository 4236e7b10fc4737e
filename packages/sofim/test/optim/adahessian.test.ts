import { jit, makeJaxpr, numpy as np, random, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adahessian,
  adam,
  chain,
  clipByGlobalNorm,
  type GradientTransformation,
  InvalidArgumentError,
  injectHyperparams,
  type OptState,
  sgd,
  sofim,
  trainingStep,
} from "../../src/optim/index.js";
import { nextKeys, rademacher } from "../../src/optim/rademacher.js";
import { expectClose } from "../core/helpers.js";
import { adapterNames, adapters, read, save } from "./contract/adapters.js";
import { array, startJax, take, values } from "./jax.js";
import { type QuarticParams, quartic, ranges, size } from "./quartic.js";
import { spied } from "./spied.js";

beforeAll(startJax);

/** Draws as an optimizer does, step after step. */
function draw(seed: number, steps: number, shapes: readonly number[][]): number[][][] {
  const like = shapes.map((shape) => np.zeros(shape));
  let key = random.key(seed);
  const drawn = Array.from({ length: steps }, () => {
    const [next, now] = nextKeys(key);
    key = next;
    return rademacher(now, like).map((leaf) => take(leaf));
  });
  tree.dispose([key, like] as never);
  return drawn;
}

describe("the Rademacher probe", () => {
  const mean = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
  const product = (xs: readonly number[], ys: readonly number[]) => xs.map((x, i) => x * ys[i]!);
  // Means of n fair signs deviate by 1 / sqrt(n); 4.5 deviations are passed once in 150,000 draws.
  const bound = (n: number) => 4.5 / Math.sqrt(n);

  it("is -1 or 1 with equal chance, in every leaf, at every step and in every bit of a word", () => {
    const steps = draw(3, 4, [[40, 250], [10_000]]);
    for (const leaf of steps.flat()) {
      expect(leaf.every((x) => x === 1 || x === -1)).toBe(true);
      expect(Math.abs(mean(leaf))).toBeLessThan(bound(leaf.length));
    }
    const all = steps.flat(2);
    for (let bit = 0; bit < 32; bit++) {
      const ones = all.filter((_, i) => (i % 20_000) % 32 === bit);
      expect(Math.abs(mean(ones))).toBeLessThan(bound(ones.length));
    }
  });

  it("is independent across leaves, steps, neighbours and seeds", () => {
    const [first, second] = draw(3, 2, [[10_000], [10_000]]) as [number[][], number[][]];
    const [other] = draw(4, 1, [[10_000]]) as [number[][]];
    const [a, b] = first as [number[], number[]];
    const pairs = [
      [a, b],
      [a, second[0]!],
      [b, second[1]!],
      [a, other[0]!],
      ...[1, 2, 31, 32, 33, 64].map((lag) => [a.slice(lag), a.slice(0, -lag)]),
    ] as [number[], number[]][];
    for (const [x, y] of pairs) expect(Math.abs(mean(product(x, y)))).toBeLessThan(bound(x.length));
  });

  it("depends on the seed alone", () => {
    expect(draw(7, 2, [[3, 5], [], [0, 4]])).toEqual(draw(7, 2, [[3, 5], [], [0, 4]]));
    expect(draw(7, 1, [[]])[0]![0]).toHaveLength(1);
  });

  it("finds the diagonal of a matrix on average", () => {
    const [signs] = draw(1, 1, [[12_000]])[0] as [number[]];
    const draws = Array.from({ length: 4000 }, (_, i) => signs.slice(3 * i, 3 * i + 3));
    const matrix = [
      [2, 1, -1],
      [1, -3, 0.5],
      [-1, 0.5, 1],
    ];
    matrix.forEach((row, i) => {
      const estimates = draws.map((z) => z[i]! * row.reduce((sum, x, j) => sum + x * z[j]!, 0));
      expect(Math.abs(mean(estimates) - row[i]!)).toBeLessThan(1.5 * bound(4000));
    });
  });
});

interface PlainOptions {
  readonly learningRate: number;
  readonly b1: number;
  readonly b2: number;
  readonly eps: number;
  readonly hessianPower: number;
  readonly weightDecay: number;
  readonly spatialAveraging: boolean;
}

/** AdaHessian in plain float64 with a dense Hessian. */
function plainAdahessian(problem: ReturnType<typeof quartic>, options: PlainOptions) {
  const { learningRate, b1, b2, eps, hessianPower, weightDecay, spatialAveraging } = options;
  const w = [...problem.start];
  const m = w.map(() => 0);
  const v = w.map(() => 0);
  let t = 0;
  return (z: readonly number[]): number[] => {
    t++;
    const g = problem.gradient(w);
    const h = problem.hessian(w);
    const d = h.map((row, i) => z[i]! * row.reduce((sum, x, j) => sum + x * z[j]!, 0));
    if (spatialAveraging) {
      const [start, end] = ranges[0]!;
      for (let k = start; k < end; k += 4) {
        d.fill(
          d.slice(k, k + 4).reduce((sum, x) => sum + Math.abs(x) / 4, 0),
          k,
          k + 4,
        );
      }
    }
    w.forEach((x, i) => {
      m[i] = b1 * m[i]! + (1 - b1) * g[i]!;
      v[i] = b2 * v[i]! + (1 - b2) * d[i]! ** 2;
      const denominator = Math.sqrt(v[i]! / (1 - b2 ** t)) ** hessianPower + eps;
      w[i] = x - learningRate * (m[i]! / (1 - b1 ** t) / denominator + weightDecay * x);
    });
    return [...w];
  };
}

const usual = {
  learningRate: 0.05,
  b1: 0.9,
  b2: 0.999,
  eps: 1e-4,
  hessianPower: 1,
  weightDecay: 0,
  spatialAveraging: true,
};
const others = { ...usual, b1: 0.8, b2: 0.95, eps: 1e-2, weightDecay: 0.1, spatialAveraging: false };
const cases: [string, PlainOptions, { float64: number; float32: number }][] = [
  ["usual options", usual, { float64: 1e-10, float32: 1e-6 }],
  ["other options", others, { float64: 1e-10, float32: 1e-6 }],
  // jax-js computes exp and log of float64 with float32's accuracy.
  ["a power of 0.5", { ...usual, hessianPower: 0.5 }, { float64: 1e-6, float32: 2e-6 }],
  ["a power of 0", { ...usual, hessianPower: 0 }, { float64: 1e-10, float32: 1e-6 }],
];

describe.each(cases)("adahessian with %s", (_, options, tolerances) => {
  it.each(["float64", "float32"] as const)(
    "equals a dense float64 implementation over 25 steps in %s",
    (dtype) => {
      const problem = quartic(5, 0);
      const probes: number[][] = [];
      const optimizer = spied(adahessian({ ...options, seed: 9 }), probes);
      const plain = plainAdahessian(problem, options);
      const step = trainingStep(problem.loss, optimizer);
      let params = problem.params(np[dtype]);
      let state = optimizer.init(tree.ref(params));
      for (let i = 0; i < 25; i++) {
        const [value, nextParams, nextState] = step(params, state);
        value.dispose();
        [params, state] = [nextParams, nextState];
        expectClose(values(params), plain(probes[i]!), tolerances[dtype]);
      }
      expect(probes.every((z) => z.length === size && z.every((x) => Math.abs(x) === 1))).toBe(true);
      tree.dispose([params, state] as never);
    },
  );
});

describe("adahessian", () => {
  const problem = quartic(2, 6);
  const advance = (optimizer: GradientTransformation, flags: readonly boolean[]) => {
    let params = problem.params(np.float32);
    let state = optimizer.init(tree.ref(params));
    for (const refreshCurvature of flags) {
      const [value, nextParams, nextState] = trainingStep(problem.loss, optimizer, { refreshCurvature })(
        params,
        state,
      );
      value.dispose();
      [params, state] = [nextParams, nextState];
    }
    return { params, state };
  };

  it("keeps key and second moment, and calls no product, where the curvature is not refreshed", () => {
    const products: number[][] = [];
    const optimizer = spied(adahessian(), products);
    const once = advance(optimizer, [true]);
    const thrice = advance(optimizer, [true, false, false]);
    expect(products).toHaveLength(2);
    type Part = Record<"mu" | "nu" | "nuWeight" | "key", OptState>;
    const [a, b] = [once, thrice].map(({ state }) => (state as OptState[])[0] as unknown as Part) as [
      Part,
      Part,
    ];
    for (const part of ["nu", "nuWeight", "key"] as const) expect(values(a[part])).toEqual(values(b[part]));
    expect(values(a.mu)).not.toEqual(values(b.mu));
    tree.dispose([once, thrice] as never);
  });

  it("names what it lacks, and consumes nothing", () => {
    const optimizer = chain(clipByGlobalNorm(1), adahessian());
    const params = problem.params(np.float32);
    const state = optimizer.init(tree.ref(params));
    expect(() => adahessian().update(tree.ref(params), adahessian().init(tree.ref(params)), params)).toThrow(
      "extra.hessianVectorProduct: got undefined, want what adahessian needs",
    );
    expect(() => optimizer.update(tree.ref(params), state, params, { value: np.array(1) })).toThrow(
      InvalidArgumentError,
    );
  });

  it.each([
    ["b1", { b1: 1 }],
    ["b2", { b2: -0.1 }],
    ["eps", { eps: 0 }],
    ["hessianPower", { hessianPower: 1.5 }],
    ["hessianPower", { hessianPower: Number.NaN }],
    ["seed", { seed: -1 }],
    ["seed", { seed: 0.5 }],
    ["seed", { seed: 2 ** 32 }],
    ["learningRate", { learningRate: Number.NaN }],
  ])("rejects a wrong %s", (argument, options) => {
    expect(() => adahessian(options)).toThrow(new RegExp(`^${argument}: got`));
  });
});

describe("adahessian where the Hessian's diagonal is 0", () => {
  // One weight of a straight slope and one of a parabola, whose diagonal is 2: the roots are 0 and 2.
  const loss = (w: np.Array) => np.sum(w.ref.slice([0, 1]).mul(3)).add(np.sum(np.square(w.slice([1, 2]))));
  const eps = 0.125;

  describe.each(adapterNames)("on %s", (name) => {
    const { compile, load } = adapters[name];

    it.each([
      [0, false],
      [0, true],
      [0.5, false],
      [0.5, true],
    ])("raises to the power %d (injected: %s)", async (hessianPower, isInjected) => {
      const make = isInjected ? injectHyperparams(adahessian) : adahessian;
      const optimizer = make({ learningRate: 0.25, eps, hessianPower });
      const step = compile(trainingStep(loss, optimizer) as never) as never as (
        params: np.Array,
        state: OptState,
      ) => Promise<[np.Array, np.Array, OptState]>;
      const start = array([1, 1], [2]);
      const initial = optimizer.init(start.ref);
      let [params, state] = [load(save(start)), load(save(initial))];
      tree.dispose([start, initial]);
      let expected = [1, 1];
      const moments = [0, 0];
      for (let t = 1; t <= 2; t++) {
        const [value, nextParams, nextState] = await step(params, state);
        tree.dispose(value);
        [params, state] = [nextParams, nextState];
        [3, 2 * expected[1]!].forEach((g, i) => {
          moments[i] = 0.9 * moments[i]! + 0.1 * g;
        });
        const roots = [0, 2].map((root) => root ** hessianPower);
        expected = expected.map((w, i) => w - (0.25 * moments[i]!) / (1 - 0.9 ** t) / (roots[i]! + eps));
      }
      expectClose(read(params), expected, 1e-5);
      tree.dispose([params, state]);
    });
  });
});

describe("trainingStep", () => {
  const problem = quartic(2, 6);
  const equations = (optimizer: GradientTransformation) => {
    const params = problem.params(np.float32);
    const state = optimizer.init(tree.ref(params));
    const { jaxpr } = makeJaxpr(trainingStep(problem.loss, optimizer))(params, state);
    return jaxpr.jaxpr.flatten().simplify().toString();
  };

  it.each([
    ["sgd", sgd({ learningRate: 0.1 })],
    ["sofim", sofim()],
  ])("traces nothing of what %s does not ask for", (_, optimizer) => {
    const bare: GradientTransformation = {
      init: (params) => optimizer.init(params),
      update: (updates, state, params) => optimizer.update(updates, state, params),
    };
    expect(equations(optimizer)).toBe(equations(bare));
  });

  it("traces the product where it is asked for", () => {
    expect(equations(adahessian()).length).toBeGreaterThan(1.5 * equations(adam()).length);
  });

  it("gives the loss, gradients elsewhere and Hessian products that are exact", () => {
    const seen: { value?: number; at?: number[]; product?: number[] } = {};
    const vector = Array.from({ length: size }, (_, i) => Math.sin(i));
    const elsewhere = problem.start.map((x) => x + 0.5);
    const toTree = (like: QuarticParams, flat: readonly number[]) => {
      const [leaves, structure] = tree.flatten<np.Array>(like);
      const pieces = leaves.map((x, i) =>
        np.array(flat.slice(...ranges[i]!), { dtype: x.dtype }).reshape([...x.shape]),
      );
      tree.dispose(leaves);
      return tree.unflatten(structure, pieces) as QuarticParams;
    };
    const spy: GradientTransformation = {
      init: () => [],
      update(updates, state, params, extra) {
        seen.value = extra!.value!.ref.item() as number;
        const given = params as unknown as QuarticParams;
        seen.at = take(extra!.gradientAt!(toTree(tree.ref(given), elsewhere)));
        seen.product = take(extra!.hessianVectorProduct!(toTree(given, vector)));
        return [updates, state];
      },
    };
    const params = problem.params(np.float64);
    const [value, next] = trainingStep(problem.loss, spy)(params, []);
    tree.dispose([value, next] as never);
    expectClose(seen.at!, problem.gradient(elsewhere), 1e-12);
    const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
    const product = problem.hessian(problem.start).map((row) => dot(row, vector));
    expectClose(seen.product!, product, 1e-12);
    expect(Number.isFinite(seen.value)).toBe(true);
  });

  it("does the same under jit", () => {
    const optimizer = adahessian({ learningRate: 0.1 });
    const run = (step: ReturnType<typeof trainingStep<QuarticParams, []>>) => {
      let params = problem.params(np.float32);
      let state = optimizer.init(tree.ref(params));
      for (let i = 0; i < 5; i++) {
        const [value, nextParams, nextState] = step(params, state);
        value.dispose();
        [params, state] = [nextParams, nextState];
      }
      return [...take(params), ...take(state)];
    };
    const plain = trainingStep(problem.loss, optimizer);
    const compiled = jit(plain);
    expectClose(run(compiled), run(plain), 1e-6);
    compiled.dispose();
  });
});
