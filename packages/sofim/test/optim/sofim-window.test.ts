import { jit as jaxJit, makeJaxpr, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type GradientTransformation,
  InvalidArgumentError,
  injectHyperparams,
  type OptState,
  readSofimDiagnostics,
  scaleBySofim,
  sofim,
} from "../../src/optim/index.js";
import { jit } from "../../src/ort/index.js";
import { DenseWindow, gradientSequences, mixedSequence } from "../core/dense-window.js";
import { expectClose } from "../core/helpers.js";
import { array, startJax, take, types } from "./jax.js";

beforeAll(startJax);

type Params = { a: np.Array; b: np.Array[]; none: np.Array };
const size = 50;

const zeros = (): Params => makeTree(new Float32Array(size));

function makeTree(flat: Float32Array, dtype: np.DType = np.float32): Params {
  const part = (start: number, end: number, shape: number[]) =>
    array(Array.from(flat.subarray(start, end)), shape, dtype);
  return {
    a: part(0, 40, [8, 5]),
    b: [part(40, 49, [9]), part(49, 50, [])],
    none: np.zeros([0, 2], { dtype }),
  };
}

/** A step on numbers, wherever it runs. */
interface Stepper {
  step(gradient: Float32Array): Promise<ArrayLike<number>>;
  end(): Promise<void>;
}

function onEngine(optimizer: GradientTransformation): Stepper {
  const update = jit((g: Params, s: OptState): [Params, OptState] => optimizer.update(g, s), { threads: 1 });
  let advance = (g: Float32Array) => update(makeTree(g), optimizer.init(zeros()));
  return {
    async step(gradient) {
      const [updates, state] = await advance(gradient);
      advance = (g) => update(makeTree(g), state as never);
      return tree
        .leaves(updates as never)
        .flatMap((x) => Array.from((x as { dataSync(): Float32Array }).dataSync()));
    },
    end: () => update.dispose(),
  };
}

function onJax(optimizer: GradientTransformation, jitted: boolean): Stepper {
  const plain = (g: Params, s: OptState): [Params, OptState] => optimizer.update(g, s);
  const update = jitted ? jaxJit(plain) : plain;
  let state = optimizer.init(zeros());
  return {
    async step(gradient) {
      const [updates, next] = update(makeTree(gradient), state);
      state = next;
      return take(updates);
    },
    async end() {
      tree.dispose(state);
      if ("dispose" in update) (update as { dispose(): void }).dispose();
    },
  };
}

const settings = { beta: 0.9, rho: 0.1 };

describe("scaleBySofim with a window equals the dense solve", () => {
  it.each([1, 2, 32, 64])("on the engine, window %d, over gradients of all kinds", async (window) => {
    await compare(onEngine(scaleBySofim({ ...settings, window })), window, mixedSequence, 200);
  });

  it.each(Object.entries(gradientSequences))("on the engine, window 8, gradients %s", async (_, sequence) => {
    await compare(onEngine(scaleBySofim({ ...settings, window: 8 })), 8, sequence, 100);
  });

  it.each([1, 8])("under jit of jax-js, window %d", async (window) => {
    const optimizer = scaleBySofim({ ...settings, window });
    await compare(onJax(optimizer, true), window, gradientSequences["repeated for 10 steps each"]!, 30);
  });

  it.each([1, 3])("in jax-js without jit, window %d", async (window) => {
    const optimizer = scaleBySofim({ ...settings, window });
    await compare(onJax(optimizer, false), window, gradientSequences["with one in seven huge"]!, 10);
  });

  it("with its numbers in the state", async () => {
    const optimizer = injectHyperparams(scaleBySofim, ["window"])({ ...settings, window: 5 });
    await compare(onEngine(optimizer), 5, gradientSequences.random!, 20);
  });
});

/** Float32 rounds the step itself by 3e-8 of its length; all sums are float64. */
async function compare(
  { step, end }: Stepper,
  window: number,
  sequence: (size: number, seed: number) => (step: number) => Float32Array,
  steps: number,
): Promise<void> {
  const dense = new DenseWindow({ ...settings, window });
  const gradientAt = sequence(size, window);
  for (let t = 0; t < steps; t++) {
    const gradient = gradientAt(t);
    dense.push(gradient);
    const expected = dense.solve();
    const actual = await step(gradient);
    if (expected.some((x) => x !== 0)) expectClose(actual, expected, 1e-6);
    else expect(Array.from(actual, Math.abs)).toEqual(Array.from(expected));
  }
  await end();
}

describe("scaleBySofim with a window", () => {
  it("takes k + 1 inner products a step", () => {
    const window = 6;
    const optimizer = scaleBySofim({ window });
    const w = np.zeros([10, 50]);
    const state = optimizer.init(w.ref);
    const update = (g: np.Array, s: OptState) => optimizer.update(g, s) as [np.Array, OptState];
    const { jaxpr } = makeJaxpr(update)(w, state);
    const sums = jaxpr.jaxpr
      .flatten()
      .simplify()
      .eqns.filter((eqn) => eqn.inputs.some((x) => x.aval.size === 500))
      .filter(({ primitive }) => ["reduce", "dot"].includes(primitive));
    expect(sums.length).toBe(window + 1);
    jaxpr.dispose();
  });

  it("keeps float64 exact beyond float32", () => {
    const optimizer = scaleBySofim({ window: 3 });
    const zero = { x: array([0], [1]), y: array([0], [], np.float64) };
    const given = { x: array([3], [1]), y: array([4e60], [], np.float64) };
    const [updates, state] = optimizer.update(given, optimizer.init(zero));
    expect(types(updates)).toEqual(["float32[1]", "float64[]"]);
    expect(take(updates.y)[0]! * 4e60).toBeCloseTo(1, 12);
    tree.dispose([updates.x, state] as never);
  });

  it("stays bounded where float64 cannot tell gradients apart", () => {
    const optimizer = scaleBySofim({ window: 4, rho: 1e-3 });
    let state = optimizer.init(np.zeros([3]));
    for (let t = 0; t < 6; t++) {
      const [updates, next] = optimizer.update(np.array([1e12, 2e12, -1e12]), state);
      const length = Math.hypot(...take(updates));
      // 1 / |g| on paper. A step along a gradient of any size is at most 1 / (2 sqrt(rho)) long.
      expect(length).toBeLessThan(0.5 / Math.sqrt(1e-3));
      state = next;
    }
    tree.dispose(state);
  });

  it("measures the moment that it does not keep", async () => {
    const options = { ...settings, diagnostics: true };
    const plain = scaleBySofim(options);
    const windowed = scaleBySofim({ ...options, window: 2 });
    const gradientAt = gradientSequences.random!(size, 3);
    let [a, b] = [plain.init(zeros()), windowed.init(zeros())];
    for (let t = 0; t < 5; t++) {
      const gradient = gradientAt(t);
      const [first, nextA] = plain.update(makeTree(gradient), a);
      const [second, nextB] = windowed.update(makeTree(gradient), b);
      [a, b] = [nextA, nextB];
      const [expected, actual] = [await readSofimDiagnostics(a), await readSofimDiagnostics(b)];
      expectClose(
        [actual!.momentNormSquared, actual!.cosine],
        [expected!.momentNormSquared, expected!.cosine],
        1e-5,
      );
      expect(actual!.stepLength).toBeCloseTo(Math.hypot(...take(second)), 5);
      tree.dispose(first);
    }
    tree.dispose([a, b] as never);
  });

  it("takes trees without elements", () => {
    const optimizer = scaleBySofim({ window: 2 });
    const [updates, state] = optimizer.update([np.zeros([0])], optimizer.init([np.zeros([0])]));
    expect(take(updates)).toEqual([]);
    tree.dispose(state);
  });

  const bad: [string, object][] = [
    ["window", { window: 0 }],
    ["window", { window: 2.5 }],
    ["window", { window: np.zeros([]) }],
    ["blocks", { window: 2, blocks: "tensor" }],
    ["direction", { window: 2, direction: "gradient" }],
  ];
  it.each(bad)("rejects a %s that does not fit", (argument, options) => {
    expect(() => sofim(options)).toThrow(InvalidArgumentError);
    expect(() => sofim(options)).toThrow(new RegExp(`^${argument}: got`));
  });
});
