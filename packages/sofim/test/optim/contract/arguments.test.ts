import { grad, jvp, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { type ExtraArgs, TreeMismatchError } from "../../../src/optim/index.js";
import { countBuffers, startJax, take, values } from "../jax.js";
import { makeParams, type Params, quadraticLoss } from "./problems.js";
import { rows, type Setting } from "./table.js";

const setting: Setting = { learningRate: 0.1, rho: 0.5, steps: 400 };
const gradients = (params: Params): Params => grad(quadraticLoss)(params) as Params;

let liveBuffers: () => number;
beforeAll(async () => {
  await startJax();
  liveBuffers = await countBuffers();
});

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

describe.each(rows)("%s", (_name, row) => {
  it("consumes its arguments and leaves nothing behind", () => {
    const before = liveBuffers();
    const optimizer = row.make(setting);
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

  it("names the place where gradients differ from parameters, and consumes nothing", () => {
    const optimizer = row.make(setting);
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
