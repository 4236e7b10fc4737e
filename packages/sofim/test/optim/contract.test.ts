import { grad, jit, jvp, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adahessian,
  adam,
  adamw,
  applyIfFinite,
  chain,
  clipByGlobalNorm,
  cosineDecaySchedule,
  type ExtraArgs,
  type GradientTransformation,
  injectHyperparams,
  joinSchedules,
  lbfgs,
  linearWarmupSchedule,
  nysNewton,
  type OptState,
  partition,
  sgd,
  sofim,
  TreeMismatchError,
  trainingStep,
} from "../../src/optim/index.js";
import { expectClose } from "../core/helpers.js";
import { array, countBuffers, startJax, take, types, values } from "./jax.js";

interface Entry {
  readonly make: () => GradientTransformation;
  /** Steps in which the problem below is solved to 1e-2. Default 400. */
  readonly steps?: number;
  /** Numbers of state per weight, scalars aside. */
  readonly buffers: number;
  /** Numbers of state besides. Default 0. */
  readonly more?: number;
}

/** What every optimizer must keep to. A new one joins by a line here. */
const optimizers: Record<string, Entry> = {
  sofim: { make: () => sofim({ learningRate: 0.1, rho: 0.5 }), buffers: 1 },
  "sofim, blocks per tensor": {
    make: () => sofim({ learningRate: 0.1, rho: 0.5, blocks: "tensor" }),
    buffers: 1,
  },
  "sofim, blocks by key": {
    make: () => sofim({ learningRate: 0.1, rho: 0.5, blocks: ([first]) => String(first) }),
    buffers: 1,
  },
  "sofim, gradient direction": {
    make: () => sofim({ learningRate: 0.1, rho: 1, direction: "gradient" }),
    buffers: 1,
  },
  "sofim, schedule": {
    make: () =>
      sofim({
        learningRate: joinSchedules([linearWarmupSchedule(0.1, 20), cosineDecaySchedule(0.1, 380)], [20]),
        rho: 0.5,
      }),
    buffers: 1,
  },
  "sofim, injected": {
    make: () => injectHyperparams(sofim)({ learningRate: 0.1, rho: 0.5, beta: 0.9, weightDecay: 0 }),
    buffers: 1,
  },
  "sofim, clipped and guarded": {
    make: () => applyIfFinite(chain(clipByGlobalNorm(10), sofim({ learningRate: 0.1, rho: 0.5 }))),
    buffers: 1,
  },
  "sofim, diagnostics": {
    make: () => sofim({ learningRate: 0.1, rho: 0.5, diagnostics: true }),
    buffers: 1,
  },
  sgd: { make: () => sgd({ learningRate: 0.1 }), buffers: 0 },
  "sgd, momentum": { make: () => sgd({ learningRate: 0.02, momentum: 0.9 }), buffers: 1 },
  "sgd, Nesterov": { make: () => sgd({ learningRate: 0.02, momentum: 0.9, nesterov: true }), buffers: 1 },
  adam: { make: () => adam({ learningRate: 0.05 }), buffers: 2 },
  "adam, injected": {
    make: () => injectHyperparams(adam)({ learningRate: 0.05, b1: 0.9, b2: 0.99 }),
    buffers: 2,
  },
  adamw: { make: () => adamw({ learningRate: 0.05, weightDecay: 1e-4 }), buffers: 2 },
  adahessian: { make: () => adahessian({ learningRate: 0.1 }), buffers: 2 },
  "adahessian, injected": {
    make: () => injectHyperparams(adahessian, ["seed"])({ learningRate: 0.1, hessianPower: 0.9, seed: 5 }),
    buffers: 2,
  },
  "nysNewton, 1 column": { make: () => nysNewton({ learningRate: 0.3, rho: 0.5, columns: 1 }), buffers: 1 },
  "nysNewton, injected": {
    make: () =>
      injectHyperparams(nysNewton, ["columns", "seed"])({ learningRate: 0.3, rho: 0.5, columns: 4 }),
    buffers: 4,
    more: 16,
  },
  lbfgs: { make: () => lbfgs({ learningRate: 0.5, memory: 3 }), buffers: 6, more: 6 },
  "lbfgs, injected, scheduled and guarded": {
    make: () =>
      applyIfFinite(
        injectHyperparams(lbfgs, ["memory"])({
          learningRate: cosineDecaySchedule(0.5, 400),
          memory: 2,
          minCurvature: 1e-3,
        }),
      ),
    buffers: 4,
    more: 4,
  },
  "partition by path": {
    make: () =>
      partition(
        {
          dense: sofim({ learningRate: 0.1, rho: 0.5, weightDecay: 1e-4 }),
          rest: injectHyperparams(sgd)({ learningRate: 0.05, momentum: 0.5 }),
        },
        ([first]) => (first === "dense" ? "dense" : "rest"),
      ),
    buffers: 1,
  },
  "partition by shape, of methods beyond the first order": {
    make: () =>
      partition(
        { matrices: adahessian({ learningRate: 0.1 }), vectors: lbfgs({ learningRate: 0.5, memory: 2 }) },
        (_path, shape) => (shape.length > 1 ? "matrices" : "vectors"),
      ),
    buffers: 2,
    // The vector has two pairs in place of two buffers.
    more: 2 * 24 + 4,
  },
};

type Params = { dense: { w: np.Array; b: np.Array }; scale: np.Array[]; none: np.Array };

/** A matrix, a vector, scalars and an empty array. */
function makeParams(dtype: np.DType = np.float32): Params {
  return {
    dense: { w: array([0.5, -1, 2, 0, 1, -0.5], [2, 3], dtype), b: array([1, 0], [2], dtype) },
    scale: [np.array(0.5, { dtype }), np.array(-2, { dtype })],
    none: np.zeros([0, 3], { dtype }),
  };
}

/** Half the squared distance to 1, weighted unequally. */
const loss = (p: Params): np.Array => {
  const squares = [p.dense.w, p.dense.b, p.scale[0]!, p.scale[1]!].map((x, i) =>
    np.sum(np.square(x.sub(1))).mul(0.5 + 0.25 * i),
  );
  p.none.dispose();
  return squares.reduce((a, b) => a.add(b));
};

const gradients = (params: Params): Params => grad(loss)(params) as Params;

function takeStep(optimizer: GradientTransformation, params: Params, state: OptState): [Params, OptState] {
  const [value, nextParams, nextState] = trainingStep(loss, optimizer)(params, state);
  value.dispose();
  return [nextParams, nextState];
}

/** What methods beyond the first order ask for, at parameters that it borrows. */
function extraAt(params: Params): ExtraArgs {
  return {
    gradientAt: (at) => gradients(at as unknown as Params) as unknown as typeof at,
    hessianVectorProduct: (vector) => {
      const [at, product] = jvp(gradients, [tree.ref(params)], [vector as never]);
      tree.dispose(at);
      return product as unknown as typeof vector;
    },
  };
}

let liveBuffers: () => number;
beforeAll(async () => {
  await startJax();
  liveBuffers = await countBuffers();
});

describe.each(Object.entries(optimizers))("%s", (_name, entry) => {
  it("reaches the optimum under jit, traced once, giving every buffer back", () => {
    const optimizer = entry.make();
    let traces = 0;
    const step = jit((params: Params, state: OptState): [Params, OptState] => {
      traces++;
      return takeStep(optimizer, params, state);
    });
    let params = makeParams();
    let state = optimizer.init(tree.ref(params));
    let liveAfterFirst = 0;
    for (let i = 0; i < (entry.steps ?? 400); i++) {
      [params, state] = step(params, state);
      tree.leaves<np.Array>([params, state]).forEach((x) => void x.ref.dataSync());
      if (i === 0) liveAfterFirst = liveBuffers();
    }
    expect(traces).toBe(1);
    expect(liveBuffers()).toBe(liveAfterFirst);
    const reached = take(params);
    expectClose(
      reached,
      reached.map(() => 1),
      1e-2,
    );
    tree.dispose(state);
    step.dispose();
  });

  it("does the same under jit as without", () => {
    const optimizer = entry.make();
    const step = jit((params: Params, state: OptState) => takeStep(optimizer, params, state));
    const run = (next: typeof step) => {
      let params = makeParams();
      let state = optimizer.init(tree.ref(params));
      for (let i = 0; i < 5; i++) [params, state] = next(params, state);
      return [...take(params), ...take(state)];
    };
    const eager = run(
      Object.assign((p: Params, s: OptState) => takeStep(optimizer, p, s), { dispose() {} }) as typeof step,
    );
    expectClose(run(step), eager, 1e-6);
    step.dispose();
  });

  it("consumes its arguments and leaves nothing behind", () => {
    const before = liveBuffers();
    const optimizer = entry.make();
    const params = makeParams();
    const state = optimizer.init(tree.ref(params));
    const given = gradients(tree.ref(params));
    const [updates, next] = optimizer.update(given, state, tree.ref(params), extraAt(params));
    expect(tree.leaves<np.Array>(params).map((x) => x.refCount)).toEqual([1, 1, 1, 1, 1]);
    void take(updates);
    void take(next);
    void take(params);
    expect(tree.leaves<np.Array>([given, state, updates, next]).every((x) => x.refCount <= 0)).toBe(true);
    expect(liveBuffers()).toBe(before);
  });

  it.each([np.float32, np.float64])("keeps structure, shapes and types (%s)", (dtype) => {
    const optimizer = entry.make();
    let params = makeParams(dtype);
    const structure = tree.structure<np.Array>(params).toString();
    const before = types(params);
    let state = optimizer.init(tree.ref(params));
    const stateStructure = tree.structure<np.Array>(state).toString();
    const stateBefore = types(state);
    expect(stateBefore.some((type) => type.includes("weak"))).toBe(false);
    for (let i = 0; i < 2; i++) [params, state] = takeStep(optimizer, params, state);
    expect(tree.structure<np.Array>(params).toString()).toBe(structure);
    expect(types(params)).toEqual(before);
    expect(tree.structure<np.Array>(state).toString()).toBe(stateStructure);
    expect(types(state)).toEqual(stateBefore);
    tree.dispose([params, state] as never);
  });

  it(`holds ${entry.buffers} buffers per weight and a few scalars`, () => {
    const optimizer = entry.make();
    const state = optimizer.init({ w: np.zeros([100, 10]), b: np.zeros([24]) });
    // A random key is two integers.
    const sizes = tree
      .leaves<np.Array>(state)
      .filter((x) => x.dtype !== np.uint32)
      .map((x) => x.size);
    const scalars = sizes.filter((size) => size === 1).length;
    expect(sizes.reduce((a, b) => a + b, 0) - scalars).toBe(entry.buffers * 1024 + (entry.more ?? 0));
    expect(scalars).toBeLessThanOrEqual(6);
    tree.dispose(state);
  });

  it("takes zero gradients, tiny and huge ones without leaving the number range", () => {
    const optimizer = entry.make();
    for (const size of [0, 1e-30, 1e-20, 1e-10, 1e10, 1e20, 1e30]) {
      const params = makeParams();
      const state = optimizer.init(tree.ref(params));
      const given = tree.map((x: np.Array) => np.onesLike(x).mul(size), tree.ref(params)) as Params;
      const [updates, next] = optimizer.update(given, state, tree.ref(params), extraAt(params));
      const all = [...take(updates), ...(size <= 1e10 ? take(next) : [])];
      // SGD's updates grow with the gradient, and Adam's second moment with its square; no others may overflow.
      expect(all.every(Number.isFinite), `gradients of ${size}`).toBe(true);
      tree.dispose(params);
    }
  });

  it("names the place where gradients differ from parameters, and consumes nothing", () => {
    const optimizer = entry.make();
    const cases: [string, (g: Params) => Params][] = [
      ["dense.b", (g) => ({ ...g, dense: { ...g.dense, b: np.zeros([3]) } })],
      ["scale[1]", (g) => ({ ...g, scale: [g.scale[0]!] })],
      ["dense.w", (g) => ({ ...g, dense: { b: g.dense.b } }) as Params],
    ];
    for (const [path, change] of cases) {
      const params = makeParams();
      const state = optimizer.init(tree.ref(params));
      const given = change(gradients(tree.ref(params)));
      let error: unknown;
      try {
        optimizer.update(given, state, params);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(TreeMismatchError);
      expect((error as TreeMismatchError).path).toBe(path);
      expect(values(params).length + values(given).length + values(state).length).toBeGreaterThan(0);
      tree.dispose([params, state, given] as never);
    }
  });
});
