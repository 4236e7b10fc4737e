/** LeNet-5 on generated images: the same run in Node and in a page. */
import { defaultDevice, init, lax, nn, numpy as np, tree } from "@jax-js/jax";
import { sofim, trainingStep } from "../../../src/optim/index.js";
import { type EngineInfo, engineArray, jit, type SessionOptions } from "../../../src/ort/index.js";

const batchSize = 16;

const shapes = {
  kernel1: [6, 1, 5, 5],
  kernel2: [16, 6, 5, 5],
  w1: [400, 120],
  w2: [120, 84],
  w3: [84, 10],
} as const;

type Params = Record<keyof typeof shapes, np.Array>;

/** Uniform numbers in [-1, 1), the same wherever they are drawn (Numerical Recipes' generator). */
function uniform(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function initialParams(): Params {
  const entries = Object.entries(shapes).map(([name, shape], i) => {
    const fanIn = shape.length === 2 ? shape[0] : shape.slice(1).reduce<number>((a, b) => a * b, 1);
    const size = shape.reduce<number>((a, b) => a * b, 1);
    const values = uniform(size, i + 1).map((x) => x * Math.sqrt(3 / fanIn));
    return [name, np.array(values, { shape: [...shape] })] as const;
  });
  return Object.fromEntries(entries) as Params;
}

function pooled(x: np.Array): np.Array {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return np.mean(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
}

function loss({ kernel1, kernel2, w1, w2, w3 }: Params, x: np.Array, labels: np.Array): np.Array {
  const first = pooled(nn.relu(lax.convGeneralDilated(x, kernel1, [1, 1], "SAME")));
  const second = pooled(nn.relu(lax.convGeneralDilated(first, kernel2, [1, 1], "VALID")));
  const hidden = nn.relu(np.dot(nn.relu(np.dot(second.reshape([batchSize, 400]), w1)), w2));
  return np.mean(np.sum(nn.logSoftmax(np.dot(hidden, w3), -1).mul(nn.oneHot(labels, 10)), 1)).neg();
}

export interface LenetRun {
  readonly info: EngineInfo;
  readonly losses: readonly number[];
}

export async function trainLenet(options: SessionOptions, steps: number): Promise<LenetRun> {
  await init("wasm");
  defaultDevice("wasm");
  const optimizer = sofim({ learningRate: 0.1, rho: 0.1 });
  const step = jit(trainingStep(loss, optimizer), options);
  const x = engineArray(uniform(batchSize * 28 * 28, 7), [batchSize, 1, 28, 28]);
  const labels = engineArray(Int32Array.from({ length: batchSize }, (_, i) => i % 10));
  const start = initialParams();
  const losses: number[] = [];
  let [value, params, state] = await step(start, optimizer.init(tree.ref(start)), x, labels);
  losses.push((await value.data())[0]!);
  while (losses.length < steps) {
    [value, params, state] = await step(params, state, x, labels);
    losses.push((await value.data())[0]!);
  }
  return { info: step.info(), losses };
}
