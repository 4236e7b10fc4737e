import { jit as jaxJit, lax, nn, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adahessian,
  type GradientTransformation,
  injectHyperparams,
  nysNewton,
  type OptState,
  trainingStep,
} from "../../src/optim/index.js";
import { jit } from "../../src/ort/index.js";
import { expectClose, randomSigned } from "../core/helpers.js";
import { array, startJax } from "./jax.js";

beforeAll(startJax);

type Params = { conv: np.Array; bias: np.Array; dense: np.Array };

const BATCH = 6;
const STEPS = 20;
const draw = randomSigned(12);
const numbers = (shape: readonly number[], scale: number): number[] =>
  Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.fround(draw() * scale));
const shapes = { conv: [3, 1, 3, 3], bias: [3, 1, 1], dense: [48, 4] } as const;
const start = {
  conv: numbers(shapes.conv, 0.5),
  bias: numbers(shapes.bias, 0.1),
  dense: numbers(shapes.dense, 0.3),
};
const batches = Array.from({ length: STEPS }, () => numbers([BATCH, 1, 6, 6], 1));

const makeParams = (): Params => ({
  conv: array(start.conv, [...shapes.conv]),
  bias: array(start.bias, [...shapes.bias]),
  dense: array(start.dense, [...shapes.dense]),
});

/** A convolution, a smooth activation and a classifier; image i has label i mod 4. */
function loss({ conv, bias, dense }: Params, images: np.Array): np.Array {
  const hidden = np.tanh(lax.conv(images, conv, [1, 1], "VALID").add(bias)).reshape([BATCH, 48]);
  const logits = nn.logSoftmax(np.matmul(hidden, dense), -1);
  const labels = nn.oneHot(np.array([0, 1, 2, 3, 0, 1], { dtype: np.int32 }), 4);
  return logits
    .mul(labels)
    .sum()
    .mul(-1 / BATCH);
}

const optimizers: [string, GradientTransformation][] = [
  [
    "adahessian",
    injectHyperparams(adahessian, ["seed"])({
      learningRate: 0.05,
      weightDecay: 1e-3,
      // Where the diagonal is near zero a step divides rounding errors by eps: its default would magnify them.
      eps: 1e-2,
      seed: 2,
    }),
  ],
  [
    "nysNewton",
    injectHyperparams(nysNewton, ["columns", "seed"])({ learningRate: 0.1, rho: 0.5, columns: 6, seed: 2 }),
  ],
];

describe.each(optimizers)("%s", (_, optimizer) => {
  it("takes the same 20 steps on the engine as on jax-js, with the curvature refreshed at every third", async () => {
    const onJax = await run((refreshCurvature) => {
      const step = jaxJit(trainingStep(loss, optimizer, { refreshCurvature }));
      return {
        step: async (p: Params, s: OptState, x: np.Array) => step(p, s, x),
        dispose: () => step.dispose(),
      };
    });
    const onEngine = await run((refreshCurvature) => {
      const step = jit(trainingStep(loss, optimizer, { refreshCurvature }), { threads: 1 });
      return { step: step as never, dispose: () => step.dispose() };
    });
    expect(onJax.losses.at(-1)).toBeLessThan(onJax.losses[0]!);
    expectClose(onEngine.losses, onJax.losses, 1e-5);
    expectClose(onEngine.params, onJax.params, 1e-5);
  });

  async function run(
    compile: (refresh: boolean) => {
      step: (params: Params, state: OptState, images: np.Array) => Promise<[np.Array, Params, OptState]>;
      dispose: () => unknown;
    },
  ) {
    const [refreshing, keeping] = [compile(true), compile(false)];
    let params = makeParams();
    let state = optimizer.init(tree.ref(params));
    const losses: number[] = [];
    for (const [i, batch] of batches.entries()) {
      const { step } = i % 3 === 0 ? refreshing : keeping;
      const [value, nextParams, nextState] = await step(params, state, array(batch, [BATCH, 1, 6, 6]));
      losses.push(value.item() as number);
      [params, state] = [nextParams, nextState];
    }
    await refreshing.dispose();
    await keeping.dispose();
    tree.dispose(state);
    return { losses, params: tree.leaves<np.Array>(params).flatMap((x) => Array.from(x.dataSync(), Number)) };
  }
});
