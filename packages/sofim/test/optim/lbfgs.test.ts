import { jit, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { CurvaturePairs } from "../../src/core/lbfgs/pairs.js";
import {
  applyIfFinite,
  chain,
  clipByGlobalNorm,
  InvalidArgumentError,
  injectHyperparams,
  lbfgs,
  type OptState,
  partition,
  sgd,
  trainingStep,
} from "../../src/optim/index.js";
import { jit as engineJit } from "../../src/ort/index.js";
import { expectClose, randomSigned } from "../core/helpers.js";
import { array, startJax, take, values } from "./jax.js";

beforeAll(startJax);

type Params = { a: np.Array; b: np.Array[] };
const start = [0.5, -1, 2, 0, 1.5, -0.5];
const scales = [4, 1, 0.5, 3, 2, 0.2];

/** 1/2 sum c (w - target)^2 + 1/12 sum (w - target)^4: the batch is the target. */
const loss = ({ a, b }: Params, target: np.Array): np.Array => {
  const parts = [a.reshape([4]), b[0]!, b[1]!.reshape([1])];
  const distance = np.concatenate(parts).sub(target);
  const square = np.square(distance);
  const weights = np.array(scales, { dtype: square.dtype });
  return np.sum(
    square.ref
      .mul(weights)
      .mul(0.5)
      .add(np.square(square).mul(1 / 12)),
  );
};

const plainGradient = (w: readonly number[], target: readonly number[]) =>
  Float64Array.from(w, (x, i) => scales[i]! * (x - target[i]!) + (x - target[i]!) ** 3 / 3);

function makeParams(dtype: np.DType): Params {
  return {
    a: array(start.slice(0, 4), [2, 2], dtype),
    b: [array(start.slice(4, 5), [1], dtype), np.array(start[5]!, { dtype })],
  };
}

/** The method in plain float64 loops. */
function plainRun(
  steps: number,
  learningRate: number,
  memory: number,
  targets: readonly number[][],
): number[] {
  const pairs = new CurvaturePairs(memory);
  let w = [...start];
  for (let t = 0; t < steps; t++) {
    const g = plainGradient(w, targets[t]!);
    const direction = pairs.applyInverse(g);
    const shorten = pairs.length === 0 ? Math.min(1, 1 / Math.hypot(...g)) : 1;
    const s = direction.map((d) => -learningRate * shorten * d);
    w = w.map((x, i) => x + s[i]!);
    const next = plainGradient(w, targets[t]!);
    pairs.add(
      s,
      next.map((x, i) => x - g[i]!),
    );
  }
  return w;
}

describe("lbfgs", () => {
  it.each([
    ["float32", 1],
    ["float32", 4],
    ["float64", 1],
    ["float64", 4],
    ["float64", 10],
  ] as const)(
    "equals a plain float64 implementation over 30 noisy steps in %s with %i pairs",
    (dtype, memory) => {
      const random = randomSigned(5);
      const targets = Array.from({ length: 30 }, () => start.map(() => 1 + Math.fround(0.1 * random())));
      const optimizer = lbfgs({ learningRate: 0.3, memory });
      const step = jit(trainingStep(loss, optimizer));
      let params = makeParams(np[dtype]);
      let state = optimizer.init(tree.ref(params));
      for (const target of targets) {
        let value: np.Array;
        [value, params, state] = step(params, state, np.array(target, { dtype: np[dtype] }));
        value.dispose();
      }
      step.dispose();
      tree.dispose(state);
      const expected = plainRun(30, 0.3, memory, targets);
      // y is a difference of two float32 gradients: it has lost the digits that they share.
      expectClose(take(params), expected, dtype === "float32" ? 1e-4 : 1e-7);
    },
  );

  it("does on the engine what it does in jax-js", async () => {
    const optimizer = lbfgs({ learningRate: 0.3, memory: 4 });
    const target = start.map((_, i) => 1 + 0.1 * i);
    const jaxStep = jit(trainingStep(loss, optimizer));
    const step = engineJit(trainingStep(loss, optimizer), { threads: 1 });
    let expected = makeParams(np.float32);
    let jaxState = optimizer.init(tree.ref(expected));
    let [, params, state] = await step(
      makeParams(np.float32),
      optimizer.init(makeParams(np.float32)),
      np.array(target),
    );
    for (let t = 0; t < 8; t++) {
      let value: np.Array;
      [value, expected, jaxState] = jaxStep(expected, jaxState, np.array(target, { dtype: np.float32 }));
      value.dispose();
      if (t > 0) [, params, state] = await step(params, state, np.array(target));
    }
    expect(step.info().compilations).toBe(1);
    const reached = [params.a, ...params.b].flatMap((x) => [...x.dataSync()]);
    expectClose(reached, take(expected), 1e-4);
    tree.dispose(jaxState);
    jaxStep.dispose();
    await step.dispose();
  });

  it("leaves out pairs of negative, small and unknown curvature, and keeps its history", () => {
    const optimizer = lbfgs({ learningRate: 0.1, memory: 2, minCurvature: 0.01 });
    const params = () => array([1, 2], [2]);
    const run = (state: OptState, change: number[]): OptState => {
      const gradientAt = (at: np.Array): np.Array => {
        at.dispose();
        return array(change, [2]);
      };
      const [updates, next] = optimizer.update(array([1, 1], [2]), state, params(), { gradientAt } as never);
      expect(take(updates).every(Number.isFinite)).toBe(true);
      return next;
    };
    // The first step goes along -(1, 1), by 0.1 / sqrt(2).
    let state = run(optimizer.init(params()), [0.9, 0.9]);
    const kept = values(state);
    expect(kept.at(-1)).toBe(1);
    const bad = [
      [1.5, 1.5],
      [1, 1],
      [0.9999, 0.9999],
      [Number.NaN, 0],
      [Number.POSITIVE_INFINITY, 0],
    ];
    for (const gradient of bad) {
      state = run(state, gradient);
      expect(values(state)).toEqual(kept);
    }
    tree.dispose(state);
  });

  it("takes first steps no longer than the learning rate, whatever the gradient", () => {
    const optimizer = lbfgs({ learningRate: 0.25 });
    for (const size of [0, 1e-30, 1, 1e30]) {
      const extra = { gradientAt: <T>(at: T): T => at };
      const params = array([1, 2, 3], [3]);
      const given = array([size, -size, size], [3]);
      const [updates, state] = optimizer.update(given, optimizer.init(params.ref), params, extra as never);
      const expected = size > 1 ? 0.25 : 0.25 * Math.min(1, size * Math.sqrt(3));
      expectClose([Math.hypot(...take(updates))], [size === 1 ? 0.25 : expected], 1e-6);
      tree.dispose(state);
    }
  });

  it("takes no step longer than maxStep, and pairs the gradients at its ends", () => {
    const optimizer = lbfgs({ learningRate: 1, memory: 2, maxStep: 0.25 });
    // Half the squared distance to the origin: y = s, so that H = I and full steps go home at once.
    const extra = { gradientAt: <T>(at: T): T => at };
    let w = [3, -4];
    let state = optimizer.init(array(w, [2]));
    for (let i = 0; i < 3; i++) {
      const [updates, next] = optimizer.update(array(w, [2]), state, array(w, [2]), extra as never);
      const step = take(updates);
      expectClose(step, [-0.15, 0.2], 1e-5);
      w = w.map((x, k) => x + step[k]!);
      state = next;
    }
    tree.dispose(state);
  });

  it("is refused behind anything that changes gradients, and says why", () => {
    const plain = () => lbfgs({ learningRate: 0.1 });
    const behind = [
      () => chain(clipByGlobalNorm(1), plain()),
      () => chain(clipByGlobalNorm(1), applyIfFinite(plain())),
      () => chain(clipByGlobalNorm(1), injectHyperparams(lbfgs)({ learningRate: 0.1 })),
      () => chain(clipByGlobalNorm(1), chain(plain(), clipByGlobalNorm(1))),
      () =>
        chain(
          clipByGlobalNorm(1),
          partition({ a: plain(), b: sgd({ learningRate: 1 }) }, () => "a"),
        ),
    ];
    for (const make of behind)
      expect(make).toThrow(/^transformations\[1\]: .*gradients of the loss at other parameters/);
    expect(() => chain(plain(), clipByGlobalNorm(1))).not.toThrow();
  });

  it("names what is missing or out of range", () => {
    const optimizer = lbfgs({ learningRate: 0.1 });
    const state = optimizer.init(array([1], [1]));
    expect(() => optimizer.update(array([1], [1]), state)).toThrow("params: got undefined");
    expect(() => optimizer.update(array([1], [1]), state, array([1], [1]))).toThrow(
      "extra.gradientAt: got undefined",
    );
    for (const options of [
      { memory: 0 },
      { memory: 1.5 },
      { minCurvature: -1 },
      { maxStep: 0 },
      { learningRate: -1 },
    ]) {
      const make = () => lbfgs({ learningRate: 0.1, ...options });
      expect(make).toThrow(InvalidArgumentError);
      expect(make).toThrow(`${Object.keys(options)[0]}: got`);
    }
  });
});
