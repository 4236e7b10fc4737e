import { makeJaxpr, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  applyIfFinite,
  chain,
  clipByGlobalNorm,
  injectHyperparams,
  type OptState,
  readSofimDiagnostics,
  type SofimTransformationOptions,
  scaleBySofim,
  sofim,
} from "../../src/optim/index.js";
import { jit } from "../../src/ort/index.js";
import { expectClose, randomSigned } from "../core/helpers.js";
import { array, startJax, take } from "./jax.js";

beforeAll(startJax);

type Params = { w: np.Array; b: np.Array; none: np.Array };
const makeTree = (values: readonly number[], dtype: np.DType = np.float32): Params => ({
  w: array(values.slice(0, 6), [2, 3], dtype),
  b: array(values.slice(6), [2], dtype),
  none: np.zeros([0], { dtype }),
});
const norm = (x: readonly number[]) => Math.hypot(...x);

describe("SOFIM's diagnostics", () => {
  it.each([
    ["float32", 1e-5],
    ["float64", 1e-12],
  ] as const)("equal their definitions at every step in %s", async (dtype, tolerance) => {
    const [beta, rho] = [0.8, 0.6];
    const transformation = scaleBySofim({ beta, rho, diagnostics: true });
    const draw = randomSigned(4);
    let state = transformation.init(makeTree(Array(8).fill(0), np[dtype]));
    let moment: number[] = Array(8).fill(0);
    for (let t = 1; t <= 10; t++) {
      const g = Array.from({ length: 8 }, () => Math.fround(draw()));
      moment = moment.map((m, i) => beta * m + (1 - beta) * g[i]!);
      const corrected = moment.map((m) => m / (1 - beta ** t));
      const [updates, next] = transformation.update(makeTree(g, np[dtype]), state);
      tree.dispose(updates);
      state = next;
      const found = (await readSofimDiagnostics(state))!;
      const squared = norm(corrected) ** 2;
      const cosine = g.reduce((sum, x, i) => sum + x * corrected[i]!, 0) / (norm(g) * norm(corrected));
      expectClose(
        [found.momentNormSquared, found.stepLength, found.cosine],
        [squared, Math.sqrt(squared) / (rho + squared), cosine],
        tolerance,
      );
    }
    tree.dispose(state);
  });

  it("are the length of the step taken, also with blocks", async () => {
    const transformation = scaleBySofim({ blocks: "tensor", diagnostics: true });
    const state = transformation.init(makeTree(Array(8).fill(0)));
    const [updates, next] = transformation.update(makeTree([1, 2, 3, 4, 5, 6, 7, 8]), state);
    const found = (await readSofimDiagnostics(next))!;
    expect(found.stepLength).toBeCloseTo(norm(take(updates)), 5);
    expect(found.momentNormSquared).toBeCloseTo(204, 3);
    expect(found.cosine).toBeCloseTo(1, 6);
    tree.dispose(next);
  });

  it("are zeros before the first step and for zero gradients, and right for tiny and huge ones", async () => {
    const transformation = scaleBySofim({ rho: 1e-2, diagnostics: true });
    const start = transformation.init(makeTree(Array(8).fill(0)));
    const zeros = { momentNormSquared: 0, stepLength: 0, cosine: 0 };
    expect(await readSofimDiagnostics(start)).toEqual(zeros);
    for (const size of [0, 1e-20, 1e15]) {
      const [updates, next] = transformation.update(makeTree(Array(8).fill(size)), tree.ref(start));
      const found = (await readSofimDiagnostics(next))!;
      const length = size * Math.sqrt(8);
      const expected = size === 0 ? [0, 0, 0] : [length ** 2, length / (1e-2 + length ** 2), 1];
      // 1e-40 is below float32's normal range, where digits go.
      const [squared, ...rest] = [found.momentNormSquared, found.stepLength, found.cosine];
      if (size === 1e-20) expect(squared).toBeCloseTo(0, 30);
      else expectClose([squared], expected.slice(0, 1), 1e-5);
      rest.forEach((x, i) => {
        expectClose([x], [expected[i + 1]!], 1e-5);
      });
      tree.dispose([updates, next] as never);
    }
    tree.dispose(start);
  });

  it("are found in any wrapping, and read from the engine's state", async () => {
    const make = injectHyperparams(sofim);
    const optimizer = applyIfFinite(chain(clipByGlobalNorm(1), make({ rho: 0.5, diagnostics: true })));
    const step = jit((g: Params, state: OptState) => optimizer.update(g, state)[1]);
    const state = await step(makeTree([3, 4, 0, 0, 0, 0, 0, 0]), optimizer.init(makeTree(Array(8).fill(0))));
    const found = (await readSofimDiagnostics(state))!;
    expectClose(Object.values(found), [1, 1 / 1.5, 1], 1e-5);
    await step.dispose();
    expect(await readSofimDiagnostics(sofim().init(np.zeros([1])))).toBeUndefined();
  });

  it("cost nothing when they are off", () => {
    const trace = (options: SofimTransformationOptions) => {
      const optimizer = sofim(options);
      const params = makeTree(Array(8).fill(0));
      const state = optimizer.init(tree.ref(params));
      const { jaxpr } = makeJaxpr((g: Params, s: OptState) => optimizer.update(g, s))(params, state);
      return jaxpr.jaxpr.flatten().simplify().toString();
    };
    expect(trace({ diagnostics: false })).toBe(trace({}));
    expect(trace({ diagnostics: true })).not.toBe(trace({}));
  });
});
