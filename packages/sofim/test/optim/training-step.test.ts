import { jit as jaxJit, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adahessian,
  type ExtraArgs,
  type GradientTransformation,
  lbfgs,
  nysNewton,
  type OptState,
  sgd,
  trainingStep,
} from "../../src/optim/index.js";
import { emptyState } from "../../src/optim/transformation.js";
import { jit } from "../../src/ort/index.js";
import { expectClose } from "../core/helpers.js";
import { array, countBuffers, startJax, take, values } from "./jax.js";

beforeAll(startJax);

/** f(w) = sum(w^4) / 4 - sum(w x), and on the way w^2 and the batch's mean. */
function withAux(w: np.Array, x: np.Array): [np.Array, { squares: np.Array; mean: np.Array }] {
  const squares = np.square(w.ref);
  const value = np.square(squares.ref).sum().mul(0.25).sub(w.mul(x.ref).sum());
  return [value, { squares, mean: np.mean(x) }];
}

function alone(w: np.Array, x: np.Array): np.Array {
  const [value, aux] = withAux(w, x);
  tree.dispose(aux);
  return value;
}

const start = [1, -2, 0.5];
const batches = [
  [1, 2, 3],
  [0, -1, 1],
];

const optimizers: [string, () => GradientTransformation][] = [
  ["sgd", () => sgd({ learningRate: 0.05, momentum: 0.9 })],
  ["adahessian", () => adahessian({ learningRate: 0.1 })],
  ["nysNewton", () => nysNewton({ learningRate: 0.1, rho: 1, columns: 2 })],
  ["lbfgs", () => lbfgs({ learningRate: 0.1 })],
];

describe("trainingStep with hasAux", () => {
  it.each(optimizers)("takes the steps of %s on the value, and returns what the loss came by", (_, make) => {
    const optimizer = make();
    const step = trainingStep(withAux, optimizer, { hasAux: true });
    const plain = trainingStep(alone, optimizer);
    let [w, state] = [array(start, [3]), optimizer.init(array(start, [3]))];
    let [plainW, plainState] = [array(start, [3]), optimizer.init(array(start, [3]))];
    for (const batch of batches) {
      const before = values(w);
      const [value, nextW, nextState, aux] = step(w, state, array(batch, [3]));
      const [plainValue, nextPlainW, nextPlainState] = plain(plainW, plainState, array(batch, [3]));
      expect(take(value)).toEqual(take(plainValue));
      expectClose(
        take(aux.squares),
        before.map((x) => x * x),
        1e-6,
      );
      expectClose(take(aux.mean), [(batch[0]! + batch[1]! + batch[2]!) / 3], 1e-6);
      [w, state, plainW, plainState] = [nextW, nextState, nextPlainW, nextPlainState];
      expect(values(w)).toEqual(values(plainW));
    }
    tree.dispose([w, state, plainW, plainState] as OptState);
  });

  it("hands over gradients and Hessian-vector products of the value alone", () => {
    const seen: Record<string, number[]> = {};
    const spy: GradientTransformation = {
      init: emptyState,
      update(updates, state, params, extra) {
        const { gradientAt, hessianVectorProduct } = extra as Required<ExtraArgs>;
        seen.gradient = take(gradientAt(array([2, 1, -1], [3])));
        seen.product = take(hessianVectorProduct(array([1, 0, 2], [3])));
        tree.dispose(params!);
        return [updates, state];
      },
    };
    const step = trainingStep(withAux, spy, { hasAux: true });
    tree.dispose(step(array(start, [3]), [], array([1, 2, 3], [3])) as OptState);
    // w^3 - x, and 3 w^2 v.
    expectClose(seen.gradient!, [7, -1, -4], 1e-6);
    expectClose(seen.product!, [3, 0, 1.5], 1e-6);
  });

  it.each(optimizers)("keeps no array of %s alive", async (_, make) => {
    const live = await countBuffers();
    const optimizer = make();
    const step = trainingStep(withAux, optimizer, { hasAux: true });
    const run = () => {
      const results = step(array(start, [3]), optimizer.init(array(start, [3])), array([1, 2, 3], [3]));
      tree.dispose(results as OptState);
    };
    // The first call may fill caches.
    run();
    const before = live();
    run();
    expect(live()).toBe(before);
  });

  it("gives the same under jit of jax-js and of the engine", async () => {
    const optimizer = adahessian({ learningRate: 0.1, seed: 3 });
    const train = trainingStep(withAux, optimizer, { hasAux: true });
    const args = () => [array(start, [3]), optimizer.init(array(start, [3])), array([1, 2, 3], [3])] as const;
    const eager = take(train(...args()) as OptState);
    const onJax = jaxJit(train);
    const onEngine = jit(train, { threads: 1 });
    expectClose(take(onJax(...args()) as OptState), eager, 1e-6);
    const [value, w, , aux] = await onEngine(...args());
    expectClose([value.item(), ...(await w.data())], eager.slice(0, 4), 1e-6);
    expectClose([...(await aux.squares.data())], [1, 4, 0.25], 1e-6);
    onJax.dispose();
    await onEngine.dispose();
  });

  it("refuses a loss that returns a pair unannounced, or none where one is announced", () => {
    const optimizer = sgd({ learningRate: 0.1 });
    const call = (step: (...args: never[]) => unknown) => () =>
      step(...([array(start, [3]), optimizer.init(array(start, [3])), array([1, 2, 3], [3])] as never[]));
    expect(call(trainingStep(withAux as never, optimizer))).toThrow(
      "want a scalar; [value, aux] needs hasAux: true",
    );
    expect(call(trainingStep(alone as never, optimizer, { hasAux: true }))).toThrow(
      "want [value, aux], as hasAux says",
    );
  });
});
