/**
 * What must hold on every backend, as programs that need no test runner: they run in Node and, bundled, in a browser.
 */
import "@tensorflow/tfjs-layers"; // brings the gradients of all operations
import * as tf from "@tensorflow/tfjs-core";
import { Sofim, type SofimOptions } from "../../src/core/index.js";
import { SofimOptimizer, type SofimOptimizerOptions } from "../../src/tfjs/index.js";
import { leastValue, logistic, rosenbrock } from "../optim/contract/plain-problems.js";

export interface Check {
  readonly name: string;
  /** A number that must not exceed `atMost`; by default that is the backend's tolerance. */
  readonly run: () => Promise<number>;
  readonly atMost?: number;
}

/** Largest relative distance from `sofim/core`. */
export function toleranceOf(backend: string): number {
  return backend === "cpu" ? 1e-5 : 1e-4;
}

const shapes = [[7, 5], [5], [3, 2, 2, 2], [1], [130, 150]];
const sizes = shapes.map((shape) => shape.reduce((product, n) => product * n, 1));
const size = sizes.reduce((sum, n) => sum + n, 0);

const random = Float32Array.from({ length: 2 * size }, (_, i) => {
  const x = Math.sin(i * 78.233) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
});

/** A number in [-1, 1) that depends on both. */
function noise(step: number, i: number): number {
  return random[(i + 37 * (step + 1)) % random.length]!;
}

function startingWeights(): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => noise(-1, i));
}

function makeVariables(weights: Float32Array): tf.Variable[] {
  return split(weights, (values, i) => tf.tidy(() => tf.variable(tf.tensor(values, shapes[i]))));
}

function split<T>(flat: Float32Array, make: (part: Float32Array, i: number) => T): T[] {
  let start = 0;
  return sizes.map((n, i) => {
    start += n;
    return make(flat.slice(start - n, start), i);
  });
}

function apply(optimizer: tf.Optimizer, variables: readonly tf.Variable[], gradient: Float32Array): void {
  const gradients = split(gradient, (part, i) => ({
    name: variables[i]!.name,
    tensor: tf.tensor(part, shapes[i]),
  }));
  optimizer.applyGradients(gradients);
  for (const { tensor } of gradients) tensor.dispose();
}

async function read(variables: readonly tf.Variable[]): Promise<Float32Array> {
  const parts = await Promise.all(variables.map((variable) => variable.data<"float32">()));
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** Euclidean distance from what is expected, by the length of what is expected; scaled, so that no square is lost. */
function distance(actual: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const norm = (of: (i: number) => number) =>
    Math.sqrt(expected.reduce((sum, _, i) => sum + (of(i) / largest) ** 2, 0));
  return norm((i) => actual[i]! - expected[i]!) / norm((i) => expected[i]!);
}

type Gradient = (weights: Float32Array, step: number) => Float32Array;

/** Gradient of a quadratic function of different curvatures, with noise. */
const quadratic: Gradient = (weights, step) =>
  weights.map((w, i) => 0.02 * ((1 + (i % 7)) * (w - 0.5) + noise(step, i)));

async function distanceFromCore(
  options: SofimOptimizerOptions,
  coreOptions: SofimOptions,
  gradient: Gradient = quadratic,
  coreGradient: Gradient = gradient,
  start = startingWeights(),
): Promise<number> {
  const weights = start.slice();
  const variables = makeVariables(start);
  const optimizer = new SofimOptimizer(options);
  const core = new Sofim(size, coreOptions);
  for (let step = 0; step < 50; step++) {
    apply(optimizer, variables, gradient(weights, step));
    core.step(weights, coreGradient(weights, step));
  }
  const result = distance(await read(variables), weights);
  optimizer.dispose();
  tf.dispose(variables);
  return result;
}

const plain = { learningRate: 0.1, rho: 0.1 };

const agreement: Check[] = [
  ["by default", {}, {}],
  ["along the gradient", { ...plain, direction: "gradient" }, { ...plain, direction: "gradient" }],
  ["along the gradient, beta 0", { beta: 0, direction: "gradient" }, { beta: 0, direction: "gradient" }],
  ["with decay", { ...plain, weightDecay: 0.1 }, { ...plain, weightDecay: 0.1 }],
  ["with a long memory", { ...plain, beta: 0.99 }, { ...plain, beta: 0.99 }],
  ["without memory", { ...plain, beta: 0 }, { ...plain, beta: 0 }],
  ["with a small rho", { learningRate: 0.01, rho: 1e-6 }, { learningRate: 0.01, rho: 1e-6 }],
  ["with a large rho", { learningRate: 100, rho: 1e4 }, { learningRate: 100, rho: 1e4 }],
  ["with a block per tensor", { ...plain, blocks: "tensor" }, { ...plain, blocks: sizes }],
  [
    "guarded against NaN",
    { ...plain, skipNonFinite: true, weightDecay: 0.1 },
    { ...plain, weightDecay: 0.1 },
  ],
  ["guarded against NaN, without memory", { ...plain, beta: 0, skipNonFinite: true }, { ...plain, beta: 0 }],
].map(([name, options, coreOptions]) => ({
  name: `50 steps agree with sofim/core: ${name}`,
  run: () => distanceFromCore(options as SofimOptimizerOptions, coreOptions as SofimOptions),
}));

const extremes: Check[] = [
  { scale: 1e20, rho: 0.1 },
  { scale: 1e10, rho: 1e-12 },
  { scale: 1e-20, rho: 0.1 },
  { scale: 1e-20, rho: 1e-37 },
].flatMap(({ scale, rho }) =>
  (["moment", "gradient"] as const)
    .filter((direction) => direction === "moment" || scale < 1)
    .map((direction) => ({
      name: `gradients of ${scale} with rho ${rho}, along the ${direction}`,
      run: () => {
        const options = { learningRate: 1e-3, rho, direction };
        const gradient: Gradient = (_, step) =>
          Float32Array.from({ length: size }, (_, i) => scale * (1 + 0.5 * noise(step, i)));
        return distanceFromCore(options, options, gradient, gradient, new Float32Array(size));
      },
    })),
);

const clipping: Check = {
  name: "clips by the norm over all variables",
  run: () => {
    const clipped: Gradient = (weights, step) => {
      const gradient = quadratic(weights, step);
      const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
      return gradient.map((g) => g * Math.min(1, 2 / norm));
    };
    return distanceFromCore({ ...plain, clipByGlobalNorm: 2 }, plain, quadratic, clipped);
  },
};

const skipping: Check = {
  name: "skips and counts gradients with NaN or infinity, to no effect on the other steps",
  run: async () => {
    const start = startingWeights();
    const options = { ...plain, weightDecay: 0.1, skipNonFinite: true };
    const variables = makeVariables(start);
    const optimizer = new SofimOptimizer(options);
    const core = new Sofim(size, { ...plain, weightDecay: 0.1 });
    const broken = [0, 3, 4, 17];
    for (let step = 0; step < 30; step++) {
      const gradient = quadratic(start, step);
      if (broken.includes(step)) gradient[step * 400] = [Number.NaN, Number.POSITIVE_INFINITY][step % 2]!;
      apply(optimizer, variables, gradient);
      core.step(start, gradient);
    }
    const skipped = await optimizer.skippedSteps();
    if (skipped !== 4 || core.skippedSteps !== 4) throw new Error(`skipped ${skipped} steps, not 4`);
    if (optimizer.iterations !== 30) throw new Error(`counted ${optimizer.iterations} iterations, not 30`);
    const result = distance(await read(variables), start);
    optimizer.dispose();
    tf.dispose(variables);
    return result;
  },
};

const growth: Check[] = [
  {},
  { skipNonFinite: true, clipByGlobalNorm: 1, weightDecay: 0.01, direction: "gradient" as const },
].map((options, which) => ({
  name: `tensors after 1,000 steps, 20 saves and a dispose (options ${which})`,
  atMost: 0,
  run: async () => {
    const before = tf.memory().numTensors;
    const variables = [tf.tidy(() => tf.variable(tf.ones([3, 2]))), tf.tidy(() => tf.variable(tf.ones([2])))];
    const optimizer = new SofimOptimizer(options);
    const loss = () => tf.sum(tf.add(tf.square(variables[0]!), variables[1]!)) as tf.Scalar;
    optimizer.minimize(loss, false, variables);
    const afterOne = tf.memory().numTensors;
    for (let i = 0; i < 1000; i++) {
      optimizer.minimize(loss, false, variables);
      if (i % 50 === 0) await optimizer.getWeights();
    }
    const grown = tf.memory().numTensors - afterOne;
    optimizer.dispose();
    tf.dispose(variables);
    return Math.max(grown, Math.abs(tf.memory().numTensors - before));
  },
}));

const optima: Check[] = (
  [
    ["Rosenbrock", rosenbrock, { learningRate: 2, rho: 100 }, 1000],
    ["logistic regression", logistic, { learningRate: 0.5, rho: 0.5 }, 200],
  ] as const
).map(([name, problem, options, steps]) => ({
  name: `comes within 1e-4 of the least value of ${name}`,
  atMost: 1e-4,
  run: async () => {
    const { start, evaluate } = problem;
    const w = tf.tidy(() => tf.variable(tf.tensor1d([...start])));
    const optimizer = new SofimOptimizer(options);
    for (let i = 0; i < steps; i++) {
      const tensor = tf.tensor1d(evaluate(await w.data()).gradient);
      optimizer.applyGradients([{ name: w.name, tensor }]);
      tensor.dispose();
    }
    const { value } = evaluate(await w.data());
    optimizer.dispose();
    w.dispose();
    return value - (await leastValue(problem));
  },
}));

const still: Check = {
  name: "stands still without a gradient",
  atMost: 0,
  run: async () => {
    const start = startingWeights();
    const variables = makeVariables(start);
    const optimizer = new SofimOptimizer();
    for (let i = 0; i < 3; i++) apply(optimizer, variables, new Float32Array(size));
    const moved = distance(await read(variables), start);
    optimizer.dispose();
    tf.dispose(variables);
    return moved;
  },
};

const empty: Check[] = [{}, { skipNonFinite: true }, { clipByGlobalNorm: 1 }].map((options, which) => ({
  name: `does and counts nothing where no variable has a gradient (options ${which})`,
  atMost: 0,
  run: async () => {
    const start = startingWeights();
    const [plainly, interrupted] = [makeVariables(start), makeVariables(start)];
    const [one, other] = [new SofimOptimizer(options), new SofimOptimizer(options)];
    const nothing = [{}, [], [{ name: interrupted[0]!.name }]] as unknown as tf.NamedTensorMap[];
    for (const gradients of nothing) other.applyGradients(gradients);
    for (let step = 0; step < 3; step++) {
      apply(one, plainly, quadratic(start, step));
      apply(other, interrupted, quadratic(start, step));
      for (const gradients of nothing) other.applyGradients(gradients);
    }
    if (other.iterations !== 3) throw new Error(`counted ${other.iterations} iterations, not 3`);
    if ((await other.skippedSteps()) !== 0) throw new Error("counted a step as skipped");
    const result = distance(await read(interrupted), await read(plainly));
    one.dispose();
    other.dispose();
    tf.dispose([plainly, interrupted]);
    return result;
  },
}));

const shown: Check = {
  name: "shows a gradient that is not finite unless told to skip it",
  atMost: 0,
  run: async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const variables = makeVariables(startingWeights());
      const optimizer = new SofimOptimizer();
      const gradient = quadratic(startingWeights(), 0);
      gradient[7] = bad;
      apply(optimizer, variables, gradient);
      const finite = (await read(variables)).every(Number.isFinite);
      optimizer.dispose();
      tf.dispose(variables);
      if (finite) throw new Error(`a gradient of ${bad} left no trace`);
    }
    return 0;
  },
};

const forms: Check = {
  name: "takes gradients as a map, as a list and from minimize, alike",
  atMost: 0,
  run: async () => {
    const loss = (w: tf.Variable) => () => tf.sum(tf.square(tf.sub(w, 3))) as tf.Scalar;
    const results = await Promise.all(
      ["map", "list", "minimize"].map(async (form) => {
        const w = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
        const untouched = tf.tidy(() => tf.variable(tf.scalar(7)));
        const optimizer = new SofimOptimizer(plain);
        for (let i = 0; i < 5; i++) {
          if (form === "minimize") {
            optimizer.minimize(loss(w), false, [w, untouched]);
            continue;
          }
          const { value, grads } = optimizer.computeGradients(loss(w), [w]);
          optimizer.applyGradients(form === "map" ? grads : [{ name: w.name, tensor: grads[w.name]! }]);
          tf.dispose([value, grads]);
        }
        const values = [...(await w.data()), ...(await untouched.data())];
        optimizer.dispose();
        tf.dispose([w, untouched]);
        return values;
      }),
    );
    const [first, ...others] = results;
    if (first?.[2] !== 7 || first[0] === 1) throw new Error(`not a step: ${first}`);
    return Math.max(...others.flatMap((values) => values.map((x, i) => Math.abs(x - first[i]!))));
  },
};

export const checks: readonly Check[] = [
  ...agreement,
  ...extremes,
  ...optima,
  still,
  ...empty,
  shown,
  clipping,
  skipping,
  ...growth,
  forms,
];
