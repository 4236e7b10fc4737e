import { numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type ArrayTree,
  InvalidArgumentError,
  type OptState,
  trainingStep,
} from "../../../src/optim/index.js";
import { startJax, types, values } from "../jax.js";
import { adapterNames, adapters, read, save } from "./adapters.js";
import { makeParams, quadraticLoss } from "./problems.js";
import { rows, type Setting } from "./table.js";

beforeAll(startJax);

const setting: Setting = { learningRate: 0.1, rho: 0.5, steps: 400 };

const edges: Record<string, () => ArrayTree> = {
  "one scalar": () => np.array(2, { dtype: np.float32 }),
  "an empty array": () => ({ none: np.zeros([0, 3]) }),
  "no arrays": () => ({}),
};

const sumOfSquares = (params: ArrayTree): np.Array =>
  tree
    .leaves<np.Array>(params)
    .reduce((sum, x) => sum.add(np.square(x).sum()), np.array(0, { dtype: np.float32 }));

describe.each(rows)("%s", (_name, row) => {
  it.each([np.float32, np.float64])("keeps structure, shapes and types (%s)", (dtype) => {
    const optimizer = row.make(setting);
    const step = trainingStep(quadraticLoss, optimizer);
    let params = makeParams(dtype);
    const structure = tree.structure<np.Array>(params).toString();
    const before = types(params);
    let state = optimizer.init(tree.ref(params));
    const stateStructure = tree.structure<np.Array>(state).toString();
    const stateBefore = types(state);
    expect(stateBefore.some((type) => type.includes("weak"))).toBe(false);
    for (let i = 0; i < 2; i++) {
      const [value, nextParams, nextState] = step(params, state);
      value.dispose();
      [params, state] = [nextParams, nextState];
    }
    expect(tree.structure<np.Array>(params).toString()).toBe(structure);
    expect(types(params)).toEqual(before);
    expect(tree.structure<np.Array>(state).toString()).toBe(stateStructure);
    expect(types(state)).toEqual(stateBefore);
    tree.dispose([params, state] as never);
  });

  it(`holds ${row.buffers} buffers per weight and a few scalars`, () => {
    const optimizer = row.make(setting);
    const state = optimizer.init({ w: np.zeros([100, 10]), b: np.zeros([24]) });
    // A random key is two integers.
    const sizes = tree
      .leaves<np.Array>(state)
      .filter((x) => x.dtype !== np.uint32)
      .map((x) => x.size);
    const scalars = sizes.filter((size) => size === 1).length;
    expect(sizes.reduce((a, b) => a + b, 0) - scalars).toBe(row.buffers * 1024 + (row.more ?? 0));
    expect(scalars).toBeLessThanOrEqual(6);
    tree.dispose(state);
  });

  describe.each(Object.entries(edges))("of %s", (_edge, makeEdge) => {
    it.each(adapterNames)("takes steps on %s", async (name) => {
      const optimizer = row.make(setting);
      const start = makeEdge();
      const before = values(start);
      if (before.length > 0 && before.length < (row.leastWeights ?? 1)) {
        expect(() => optimizer.init(start)).toThrow(InvalidArgumentError);
        return;
      }
      const { compile, load } = adapters[name];
      const step = compile(trainingStep(sumOfSquares, optimizer) as never) as never as (
        params: ArrayTree,
        state: OptState,
      ) => Promise<[ArrayTree, ArrayTree, OptState]>;
      const initial = optimizer.init(tree.ref(start));
      let [params, state] = [load(save(start)), load(save(initial))];
      tree.dispose([start, initial]);
      for (let i = 0; i < 2; i++) {
        const [value, nextParams, nextState] = await step(params, state);
        tree.dispose(value);
        [params, state] = [nextParams, nextState];
      }
      const after = read(params);
      expect(after).toHaveLength(before.length);
      for (const [i, w] of before.entries()) expect(Math.abs(after[i]!)).toBeLessThan(Math.abs(w));
      expect(read(state).every(Number.isFinite)).toBe(true);
      tree.dispose([params, state]);
    });
  });
});
