import { jit, jvp, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  constantSchedule,
  currentHyperparams,
  type ExtraArgs,
  exponentialDecaySchedule,
  type GradientTransformation,
  InvalidArgumentError,
  injectHyperparams,
  type LabelOf,
  type LabelTree,
  partition,
  scaleByLearningRate,
  sgd,
  sofim,
  TreeMismatchError,
  trainingStep,
} from "../../src/optim/index.js";
import { engineArray, jit as engineJit } from "../../src/ort/index.js";
import { expectClose } from "../core/helpers.js";
import { array, countBuffers, startJax, take } from "./jax.js";

let liveBuffers: () => number;
beforeAll(async () => {
  await startJax();
  liveBuffers = await countBuffers();
});

type Params = { first: { w: np.Array; b: np.Array }; layers: np.Array[] };

const makeParams = (scale = 1): Params => ({
  first: {
    w: array(
      [1, 2, 3, 4].map((x) => x * scale),
      [2, 2],
    ),
    b: array([5 * scale, 6 * scale], [2]),
  },
  layers: [array([7 * scale], [1]), array([8 * scale], [1])],
});

function updateOnce(optimizer: GradientTransformation, extra?: ExtraArgs): number[] {
  const [updates, state] = optimizer.update(
    makeParams(0.5),
    optimizer.init(makeParams()),
    makeParams(),
    extra,
  );
  tree.dispose(state);
  return take(updates);
}

describe("partition", () => {
  const rates = { slow: sgd({ learningRate: 0.1 }), fast: sgd({ learningRate: 1 }) };

  it.each<[string, LabelOf | LabelTree, number[]]>([
    [
      "a function of the path",
      ([first]) => (first === "first" ? "slow" : "fast"),
      [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 1, 1],
    ],
    [
      "a function of the shape",
      (_, shape) => (shape.length > 1 ? "slow" : "fast"),
      [0.1, 0.1, 0.1, 0.1, 1, 1, 1, 1],
    ],
    ["a tree", { first: { w: "fast", b: "slow" }, layers: ["slow", "fast"] }, [1, 1, 1, 1, 0.1, 0.1, 0.1, 1]],
    ["a tree that ends early", { first: "fast", layers: "slow" }, [1, 1, 1, 1, 1, 1, 0.1, 0.1]],
    ["one label", "fast", [1, 1, 1, 1, 1, 1, 1, 1]],
  ])("gives every group its own transformation, by %s", (_name, labels, expected) => {
    const steps = [1, 2, 3, 4, 5, 6, 7, 8].map((x, i) => -0.5 * x * expected[i]!);
    expectClose(updateOnce(partition(rates, labels)), steps, 1e-6);
  });

  it("takes norms over the group alone and keeps state for its leaves alone", () => {
    const labels: LabelOf = ([first]) => (first === "first" ? "a" : "b");
    const optimizer = partition({ a: clipByGlobalNorm(1), b: adam({ learningRate: 0.1 }) }, labels);
    const group = [0.5, 1, 1.5, 2, 2.5, 3];
    const length = Math.hypot(...group);
    expectClose(updateOnce(optimizer), [...group.map((g) => g / length), -0.1, -0.1], 1e-6);

    const state = optimizer.init(makeParams()) as { groups: Record<string, never> };
    expect(Object.keys(state.groups)).toEqual(["a", "b"]);
    // Adam has two moments of two weights and two scalars.
    const sizes = tree.leaves<np.Array>(state).map((x) => x.size);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(6);
    tree.dispose(state as never);
  });

  it("leaves paths as they are for masks within a group", () => {
    const seen: string[] = [];
    const decay = addDecayedWeights({
      weightDecay: 1,
      mask(path, shape) {
        seen.push(`${path.join("/")} [${shape.join()}]`);
        return path.at(-1) !== "b";
      },
    });
    const optimizer = partition({ a: decay, b: sgd({ learningRate: 0 }) }, ([first, last]) =>
      first === "first" || last === 1 ? "a" : "b",
    );
    expectClose(updateOnce(optimizer), [1.5, 3, 4.5, 6, 2.5, 3, 0, 12], 1e-6);
    expect(seen).toEqual(["first/w [2,2]", "first/b [2]", "layers/1 [1]"]);
  });

  it("hands each group the loss as a function of its own parameters", () => {
    // The gradient of 1/2 (sum of all)^2 is the sum, everywhere; its Hessian is 1 everywhere.
    const gradients = (p: Params): Params => {
      const sums = tree.leaves<np.Array>(tree.ref(p)).map((x) => np.sum(x));
      const total = sums.reduce((a, b) => a.add(b));
      const spread = tree.map((x: np.Array) => np.onesLike(x).mul(total.ref), p) as Params;
      total.dispose();
      return spread;
    };
    const params = makeParams();
    const extra = {
      gradientAt: (at: Params) => gradients(at),
      hessianVectorProduct: (v: Params) => {
        const [at, product] = jvp(gradients, [tree.ref(params)], [v]);
        tree.dispose(at);
        return product;
      },
    } as unknown as ExtraArgs;
    const asking = (name: "gradientAt" | "hessianVectorProduct"): GradientTransformation => ({
      init(p) {
        tree.dispose(p);
        return [];
      },
      update(updates, state, own, seen) {
        tree.dispose(updates);
        return [seen![name]!(own!) as typeof updates, state];
      },
    });
    const before = liveBuffers();
    const optimizer = partition({ a: asking("gradientAt"), b: asking("hessianVectorProduct") }, ([first]) =>
      first === "first" ? "a" : "b",
    );
    // 1 + ... + 8 with the group's own values put in; 7 + 8 with zeros elsewhere.
    expect(updateOnce(optimizer, extra)).toEqual([36, 36, 36, 36, 36, 36, 15, 15]);
    expect(liveBuffers()).toBe(before);
    tree.dispose(params);
  });

  it("runs on the engine, compiled once", async () => {
    const optimizer = partition(
      { matrices: sofim({ learningRate: 0.1 }), vectors: injectHyperparams(sgd)({ learningRate: 0.2 }) },
      (_path, shape) => (shape.length > 1 ? "matrices" : "vectors"),
    );
    const loss = ({ first, layers }: Params, target: np.Array) =>
      [first.w, first.b, ...layers]
        .map((x) => np.sum(np.square(x.sub(target.ref))))
        .reduce((a, b) => a.add(b));
    const plain = trainingStep((params: Params, target: np.Array) => {
      const value = loss(params, target);
      target.dispose();
      return value;
    }, optimizer);
    const onJax = jit(plain);
    const onEngine = engineJit(plain, { threads: 1 });
    let params = makeParams();
    let state = optimizer.init(makeParams());
    let [value, engineParams, engineState] = await onEngine(
      makeParams(),
      optimizer.init(makeParams()),
      engineArray(Float32Array.of(2), []),
    );
    for (let t = 0; t < 3; t++) {
      let jaxValue: np.Array;
      [jaxValue, params, state] = onJax(params, state, np.array(2, { dtype: np.float32 }));
      jaxValue.dispose();
      if (t === 0) continue;
      [value, engineParams, engineState] = await onEngine(
        engineParams,
        engineState,
        engineArray(Float32Array.of(2), []),
      );
    }
    expect(Number.isFinite(value.item())).toBe(true);
    expect(onEngine.info().compilations).toBe(1);
    expect(currentHyperparams(engineState)).toEqual({ "vectors.learningRate": Math.fround(0.2) });
    const { first, layers } = engineParams;
    const reached = [first.w, first.b, ...layers].flatMap((x) => [...x.dataSync()]);
    expectClose(reached, take(params), 1e-5);
    tree.dispose(state);
    onJax.dispose();
    await onEngine.dispose();
  });

  it("names what has no transformation, no label or no state", () => {
    const unknownLabel = partition(rates, ([first]) => (first === "first" ? "slow" : "quick"));
    expect(() => unknownLabel.init(makeParams())).toThrow(InvalidArgumentError);
    expect(() => unknownLabel.init(makeParams())).toThrow(
      'label of layers[0]: got "quick", want one of the labels that have transformations, slow, fast',
    );
    const inherited = partition(rates, () => "toString");
    expect(() => inherited.init(makeParams())).toThrow('label of first.w: got "toString"');
    const unlabelled = partition(rates, { first: "slow", layers: ["fast"] });
    expect(() => unlabelled.init(makeParams())).toThrow(TreeMismatchError);
    expect(() => unlabelled.init(makeParams())).toThrow("labels have none for the parameters at layers[1]");
    const deeper = partition(rates, { first: { w: { x: "slow" }, b: "slow" }, layers: "slow" });
    expect(() => deeper.init(makeParams())).toThrow("labels have none for the parameters at first.w");
    const optimizer = partition(rates, "slow");
    expect(() => optimizer.update(makeParams(), { groups: { slow: [[]] } })).toThrow("the group fast");
  });
});

describe("currentHyperparams", () => {
  it("finds injected numbers and scheduled rates in chains, groups and wrappers", () => {
    const halving = () => exponentialDecaySchedule(0.8, 1, 0.5);
    const optimizer = chain(
      partition(
        {
          a: injectHyperparams(sofim)({ learningRate: halving(), rho: 0.25, beta: 0.5 }),
          b: chain(injectHyperparams(sgd)({ learningRate: 0.5, momentum: 0.75 })),
        },
        ([first]) => (first === "first" ? "a" : "b"),
      ),
      scaleByLearningRate(constantSchedule(0.125)),
      scaleByLearningRate(halving()),
    );
    let state = optimizer.init(makeParams());
    const fixed = {
      "a.rho": 0.25,
      "a.beta": 0.5,
      "b.learningRate": 0.5,
      "b.momentum": 0.75,
      learningRate: 0.125,
    };
    const rates: number[][] = [];
    for (let t = 0; t < 4; t++) {
      const { "a.learningRate": a, learningRate2, ...rest } = currentHyperparams(state);
      expect(rest).toEqual(fixed);
      rates.push([a!, learningRate2!]);
      const [updates, next] = optimizer.update(makeParams(), state, makeParams());
      tree.dispose(updates);
      state = next;
    }
    // Before the first step, and after one, two and three: what the last step used.
    expectClose(rates.flat(), [0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2], 1e-6);
    tree.dispose(state);
  });

  it("finds none where none are held, whatever the parameters are called", () => {
    const optimizer = sofim({ learningRate: 0.1 });
    const state = optimizer.init({ rho: np.zeros([1]), learningRate: np.zeros([2]) });
    expect(currentHyperparams(state)).toEqual({});
    tree.dispose(state);
    expect(() => currentHyperparams(undefined)).toThrow("state: got undefined");
  });
});
