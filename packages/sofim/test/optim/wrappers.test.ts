import { type JsTree, jit, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  addDecayedWeights,
  applyIfFinite,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  type GradientTransformation,
  type InjectedState,
  injectHyperparams,
  type OptState,
  scaleBySofim,
  sgd,
  sofim,
} from "../../src/optim/index.js";
import { expectClose } from "../core/helpers.js";
import { array, startJax, take, values } from "./jax.js";

beforeAll(startJax);

describe("injectHyperparams", () => {
  const gradient = () => np.array([3, 4]);

  it("equals the plain optimizer", () => {
    const run = (optimizer: GradientTransformation) => {
      let state = optimizer.init(np.zeros([2]));
      const seen: number[] = [];
      for (let i = 0; i < 3; i++) {
        const [updates, next] = optimizer.update(gradient(), state, np.ones([2]));
        seen.push(...take(updates));
        state = next;
      }
      tree.dispose(state);
      return seen;
    };
    const options = { learningRate: 0.3, rho: 0.7, beta: 0.8, weightDecay: 0.1 };
    expectClose(run(injectHyperparams(sofim)(options)), run(sofim(options)), 1e-6);
    const forAdam = { learningRate: 0.3, b1: 0.8, b2: 0.95, eps: 1e-3 };
    expectClose(run(injectHyperparams(adam)(forAdam)), run(adam(forAdam)), 1e-5);
    const forSgd = { learningRate: 0.3, momentum: 0.8, nesterov: true };
    expectClose(run(injectHyperparams(sgd)(forSgd)), run(sgd(forSgd)), 1e-6);
  });

  it.each([
    ["learningRate", 0.2],
    ["rho", 7],
    ["beta", 0.5],
    ["weightDecay", 0.4],
  ] as const)("takes a new %s from the state without a new trace", (name, value) => {
    const start = { learningRate: 0.1, rho: 0.3, beta: 0.9, weightDecay: 0.01 };
    const optimizer = injectHyperparams(sofim)(start);
    let traces = 0;
    const step = jit((g: np.Array, state: OptState, w: np.Array): [np.Array, OptState] => {
      traces++;
      return optimizer.update(g, state, w);
    });
    let state = optimizer.init(np.zeros([2])) as InjectedState;
    const seen: number[][] = [];
    for (let i = 0; i < 2; i++) {
      if (i === 1) {
        state.hyperparams[name]!.dispose();
        state.hyperparams[name] = np.array(value, { dtype: np.float32 });
      }
      const g = np.array([3 + i, 4], { dtype: np.float32 });
      const [updates, next] = step(g, state, np.array([1, 2], { dtype: np.float32 }));
      seen.push(take(updates));
      state = next as InjectedState;
    }
    expect(traces).toBe(1);
    step.dispose();
    tree.dispose(state as OptState);

    const first = sofim(start);
    const [, after] = first.update(np.array([3, 4]), first.init(np.zeros([2])), np.array([1, 2]));
    const [expected, last] = sofim({ ...start, [name]: value }).update(
      np.array([4, 4]),
      after,
      np.array([1, 2]),
    );
    const [unchanged] = [seen[0]!];
    tree.dispose(last);
    expectClose(seen[1]!, take(expected), 1e-6);
    expect(seen[1]).not.toEqual(unchanged);
  });

  it("checks numbers when they are given", () => {
    expect(() => injectHyperparams(sofim)({ rho: 0 })).toThrow(/^rho: got 0/);
    expect(() => injectHyperparams(adam)({ b2: 1 })).toThrow(/^b2: got 1/);
  });

  it("holds only what was given as a number", () => {
    const state = injectHyperparams(sofim)({ learningRate: 0.1, blocks: "tensor" }).init(np.zeros([1]));
    expect(Object.keys((state as InjectedState).hyperparams)).toEqual(["learningRate"]);
    tree.dispose(state);
  });
});

describe("applyIfFinite", () => {
  const optimizers: [string, GradientTransformation][] = [
    ["sofim", sofim({ weightDecay: 0.1 })],
    ["adam", adam()],
    ["injected sofim", injectHyperparams(sofim)({ learningRate: 0.1 })],
  ];
  for (const [name, inner] of optimizers) {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      it(`holds ${name} back at a gradient with ${bad}, and counts it`, () => {
        const optimizer = applyIfFinite(inner);
        const params = () => ({ a: array([1, 2, 3], [3]), b: np.array(0.5), none: np.zeros([0]) });
        const good = () => ({ a: array([0.1, 0.2, 0.3], [3]), b: np.array(-1), none: np.zeros([0]) });
        const [updates, state] = optimizer.update(good(), optimizer.init(params()), params());
        expect(take(updates).every((x) => x !== 0)).toBe(true);
        const before = values(state);
        const [none, next] = optimizer.update({ ...good(), a: array([1, bad, 1], [3]) }, state, params());
        expect(take(none)).toEqual([0, 0, 0, 0]);
        const [notFinite, ...rest] = values(next);
        expect(notFinite).toBe(1);
        expect(rest).toEqual(before.slice(1));
        const [again, last] = optimizer.update(good(), next, params());
        expect(take(again).every((x) => x !== 0 && Number.isFinite(x))).toBe(true);
        expect(values(last)[0]).toBe(1);
        tree.dispose(last);
      });
    }
  }
});

describe("clipByGlobalNorm", () => {
  const clip = (maxNorm: number, ...leaves: number[][]) => {
    const optimizer = clipByGlobalNorm(maxNorm);
    const given = leaves.map((x) => array(x, [x.length]));
    const [updates] = optimizer.update(given, optimizer.init(tree.ref(given)));
    return take(updates);
  };

  it("keeps short updates to the last bit and shortens long ones", () => {
    expect(clip(5.1, [3], [4])).toEqual([3, 4]);
    expectClose(clip(1, [3], [4]), [0.6, 0.8], 1e-6);
    expectClose(clip(1e-3, [3], [4]), [0.6e-3, 0.8e-3], 1e-6);
  });

  it("is right for zero, tiny and huge updates", () => {
    expect(clip(1, [0, 0], [])).toEqual([0, 0]);
    expect(clip(1, [1e-30, -1e-40])).toEqual([Math.fround(1e-30), Math.fround(-1e-40)]);
    expectClose(clip(1, [3e30], [4e30]), [0.6, 0.8], 1e-6);
    expectClose(clip(1e-5, [3e37], [4e37]), [0.6e-5, 0.8e-5], 1e-6);
  });

  it("rejects a bound that is not positive", () => {
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => clipByGlobalNorm(bad)).toThrow(/^maxNorm: got/);
  });
});

describe("addDecayedWeights", () => {
  it("adds decay where the mask says, by path and shape", () => {
    const paths: string[] = [];
    const optimizer = addDecayedWeights({
      weightDecay: 0.5,
      mask: (path, shape) => {
        paths.push(path.join("/"));
        return shape.length > 1;
      },
    });
    const params = { layers: [{ w: array([2, 4], [1, 2]), b: array([8], [1]) }] };
    const given = { layers: [{ w: array([1, 1], [1, 2]), b: array([1], [1]) }] };
    const [updates] = optimizer.update(given, optimizer.init(tree.ref(params)), params);
    expect(take(updates)).toEqual([2, 3, 1]);
    expect(paths).toEqual(["layers/0/w", "layers/0/b"]);
  });
});

/** The interface of `@jax-js/optax` 0.1, which the library's own must match in both directions. */
interface OptaxTransformation {
  init<Params extends JsTree<np.Array>>(params: Params): JsTree<np.Array>;
  update<Params extends JsTree<np.Array>>(
    updates: Params,
    state: JsTree<np.Array>,
    params?: Params,
  ): [Params, JsTree<np.Array>];
}

describe("chain", () => {
  const foreign: OptaxTransformation = {
    init(params) {
      tree.dispose(params);
      return { calls: np.array(0, { dtype: np.uint32 }) };
    },
    update(updates, state, params) {
      tree.dispose(params);
      const { calls } = state as { calls: np.Array };
      return [tree.map((g: np.Array) => g.mul(2), updates) as typeof updates, { calls: calls.add(1) }];
    },
  };

  it("takes a transformation of another library, and is one for it", () => {
    const optimizer: OptaxTransformation = chain(foreign, scaleBySofim({ rho: 1 }));
    const [updates, state] = optimizer.update(
      np.array([1.5, 2]),
      optimizer.init(np.zeros([2])),
      np.zeros([2]),
    );
    expectClose(take(updates), [3 / 26, 4 / 26], 1e-6);
    expect(values(state)[0]).toBe(1);
    tree.dispose(state);
  });

  it("hands extra arguments to every part", () => {
    const seen: unknown[] = [];
    const spy: GradientTransformation = {
      init: (params) => {
        tree.dispose(params);
        return [];
      },
      update(updates, state, params, extra) {
        tree.dispose(params);
        seen.push(extra);
        return [updates, state];
      },
    };
    const optimizer = applyIfFinite(chain(spy, chain(spy)));
    const extra = { mine: 3 };
    const [updates, state] = optimizer.update(
      np.array([1]),
      optimizer.init(np.zeros([1])),
      np.zeros([1]),
      extra,
    );
    tree.dispose([updates, state]);
    expect(seen).toEqual([extra, extra]);
  });

  it("does nothing when it is empty", () => {
    const optimizer = chain();
    const [updates, state] = optimizer.update(np.array([1, 2]), optimizer.init(np.zeros([2])));
    expect(take(updates)).toEqual([1, 2]);
    expect(state).toEqual([]);
  });
});

describe("applyUpdates", () => {
  it("adds, and names the place where trees differ", () => {
    expect(take(applyUpdates({ w: np.array([1, 2]) }, { w: np.array([3, 4]) }))).toEqual([4, 6]);
    const params = { layers: [{ b: np.zeros([4]) }] };
    expect(() => applyUpdates(params, { layers: [{ b: np.zeros([3]) }] })).toThrow(
      "updates differ from params at layers[0].b: shape [3] vs [4]",
    );
  });
});
