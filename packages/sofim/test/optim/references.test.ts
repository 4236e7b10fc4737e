import { jit, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, it } from "vitest";
import {
  adam,
  adamw,
  applyUpdates,
  type GradientTransformation,
  type OptState,
  sgd,
} from "../../src/optim/index.js";
import { expectClose, randomSigned } from "../core/helpers.js";
import { array, startJax, take } from "./jax.js";

beforeAll(startJax);

/** One weight in float64 under a gradient that depends on it: 2 (w - target) + noise. */
type Rule = (w: number, g: number, t: number, memory: { m: number; v: number }) => number;

const plainSgd =
  (lr: number, momentum: number, nesterov: boolean): Rule =>
  (w, g, _t, memory) => {
    memory.m = momentum * memory.m + g;
    return w - lr * (nesterov ? g + momentum * memory.m : memory.m);
  };

/** As PyTorch documents it: the decay first, from the old weight, then the step. */
const plainAdamW =
  (lr: number, b1: number, b2: number, eps: number, decay: number): Rule =>
  (w, g, t, memory) => {
    memory.m = b1 * memory.m + (1 - b1) * g;
    memory.v = b2 * memory.v + (1 - b2) * g * g;
    const mh = memory.m / (1 - b1 ** t);
    const vh = memory.v / (1 - b2 ** t);
    return w - lr * decay * w - (lr * mh) / (Math.sqrt(vh) + eps);
  };

const cases: [string, GradientTransformation, Rule][] = [
  ["sgd", sgd({ learningRate: 0.05 }), plainSgd(0.05, 0, false)],
  ["sgd with momentum", sgd({ learningRate: 0.02, momentum: 0.9 }), plainSgd(0.02, 0.9, false)],
  [
    "sgd with Nesterov's",
    sgd({ learningRate: 0.02, momentum: 0.9, nesterov: true }),
    plainSgd(0.02, 0.9, true),
  ],
  ["adam", adam({ learningRate: 0.01 }), plainAdamW(0.01, 0.9, 0.999, 1e-8, 0)],
  [
    "adam, other options",
    adam({ learningRate: 0.02, b1: 0.8, b2: 0.95, eps: 1e-3 }),
    plainAdamW(0.02, 0.8, 0.95, 1e-3, 0),
  ],
  ["adamw", adamw({ learningRate: 0.01, weightDecay: 0.1 }), plainAdamW(0.01, 0.9, 0.999, 1e-8, 0.1)],
];

describe.each(cases)("%s equals a plain float64 implementation", (_name, optimizer, rule) => {
  it.each(["float32", "float64"] as const)("over 200 steps in %s", (dtype) => {
    const random = randomSigned(11);
    const expected = [0.5, -2, 3, 0];
    const memories = expected.map(() => ({ m: 0, v: 0 }));
    let params: { w: np.Array } = { w: array(expected, [2, 2], np[dtype]) };
    let state = optimizer.init(tree.ref(params));
    const step = jit((noise: np.Array, p: typeof params, s: OptState): [typeof params, OptState] => {
      const [updates, next] = optimizer.update({ w: p.w.ref.sub(1).mul(2).add(noise) }, s, tree.ref(p));
      return [applyUpdates(p, updates), next];
    });
    for (let t = 1; t <= 200; t++) {
      const noise = expected.map(() => Math.fround(random()));
      [params, state] = step(array(noise, [2, 2], np[dtype]), params, state);
      expected.forEach((w, i) => {
        expected[i] = rule(w, 2 * (w - 1) + noise[i]!, t, memories[i]!);
      });
    }
    step.dispose();
    tree.dispose(state);
    expectClose(take(params), expected, dtype === "float32" ? 1e-5 : 1e-12);
  });
});
