import {
  adahessian,
  adam,
  adamw,
  applyIfFinite,
  chain,
  clipByGlobalNorm,
  cosineDecaySchedule,
  type GradientTransformation,
  injectHyperparams,
  joinSchedules,
  lbfgs,
  linearWarmupSchedule,
  nysNewton,
  partition,
  sgd,
  sofim,
} from "../../../src/optim/index.js";
import type { ProblemName } from "./problems.js";

/** What an optimizer may depend on. */
export interface Setting {
  readonly learningRate: number;
  /** For methods that have one in squared gradient units. */
  readonly rho: number;
  /** How many steps there are at most. */
  readonly steps: number;
}

export interface Row {
  readonly make: (setting: Setting) => GradientTransformation;
  /** Learning rates that solve the problems. */
  readonly rates: Readonly<Record<ProblemName, number>>;
  /** Numbers of state per weight, scalars aside. */
  readonly buffers: number;
  /** Numbers of state besides. Default 0. */
  readonly more?: number;
  /** Weights that it needs to work on at least, if there are any. Default 1. */
  readonly leastWeights?: number;
  /** What a weight loses in a step without gradient, in units of itself and the learning rate. Default 0. */
  readonly decay?: number;
  /** It holds back gradients that are not finite. */
  readonly guarded?: true;
  /** Where gradients of 1e20 go beyond float32 by the method's own formula: after how many steps, and why. */
  readonly overflows?: { readonly after: number; readonly why: string };
}

const proportional = {
  after: 1,
  why: "the step is proportional to the gradient: one makes the weights 1e19 and the next gradient 1e39",
};
const squares = { after: 0, why: "the second moment holds squares of 1e20" };

/** Gradients and tail; inner products of the gradients, and their products with the tail and shares in the moment. */
const windowOf16 = { buffers: 17, more: 16 * 16 + 2 * 16 };

/** What every optimizer is held to the contract with. A new one joins by a line here. */
export const table: Readonly<Record<string, Row>> = {
  sofim: {
    make: ({ learningRate, rho }) => sofim({ learningRate, rho }),
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    buffers: 1,
  },
  "sofim, blocks per tensor": {
    make: ({ learningRate, rho }) => sofim({ learningRate, rho, blocks: "tensor" }),
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    buffers: 1,
  },
  "sofim, blocks by key": {
    make: ({ learningRate, rho }) => sofim({ learningRate, rho, blocks: ([first]) => String(first) }),
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    buffers: 1,
  },
  "sofim, gradient direction": {
    make: ({ learningRate, rho }) => sofim({ learningRate, rho, direction: "gradient" }),
    rates: { quadratic: 0.1, rosenbrock: 0.16, logistic: 0.5 },
    buffers: 1,
  },
  "sofim, schedule": {
    make: ({ learningRate, rho, steps }) => {
      const falling = cosineDecaySchedule(learningRate, steps - 20);
      return sofim({
        learningRate: joinSchedules([linearWarmupSchedule(learningRate, 20), falling], [20]),
        rho,
      });
    },
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    buffers: 1,
  },
  "sofim, injected": {
    make: ({ learningRate, rho }) =>
      injectHyperparams(sofim)({ learningRate, rho, beta: 0.9, weightDecay: 0 }),
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    buffers: 1,
  },
  "sofim, clipped and guarded": {
    make: ({ learningRate, rho }) => applyIfFinite(chain(clipByGlobalNorm(10), sofim({ learningRate, rho }))),
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    buffers: 1,
    guarded: true,
  },
  "sofim, diagnostics": {
    make: ({ learningRate, rho }) => sofim({ learningRate, rho, diagnostics: true }),
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    buffers: 1,
    overflows: { after: 0, why: "it reports |Mh|^2, 1e40" },
  },
  "sofim, window": {
    make: ({ learningRate, rho }) => sofim({ learningRate, rho, window: 16 }),
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    ...windowOf16,
  },
  "sofim, window, injected": {
    make: ({ learningRate, rho }) =>
      injectHyperparams(sofim, ["window"])({ learningRate, rho, beta: 0.9, window: 16 }),
    rates: { quadratic: 0.1, rosenbrock: 2, logistic: 0.5 },
    ...windowOf16,
  },
  sgd: {
    make: ({ learningRate }) => sgd({ learningRate }),
    rates: { quadratic: 0.1, rosenbrock: 0.0018, logistic: 0.5 },
    buffers: 0,
    overflows: proportional,
  },
  "sgd, momentum": {
    make: ({ learningRate }) => sgd({ learningRate, momentum: 0.9 }),
    rates: { quadratic: 0.02, rosenbrock: 0.001, logistic: 0.1 },
    buffers: 1,
    overflows: proportional,
  },
  "sgd, Nesterov": {
    make: ({ learningRate }) => sgd({ learningRate, momentum: 0.9, nesterov: true }),
    rates: { quadratic: 0.02, rosenbrock: 0.001, logistic: 0.1 },
    buffers: 1,
    overflows: proportional,
  },
  adam: {
    make: ({ learningRate }) => adam({ learningRate }),
    rates: { quadratic: 0.05, rosenbrock: 0.1, logistic: 0.03 },
    buffers: 2,
    overflows: squares,
  },
  "adam, injected": {
    make: ({ learningRate }) => injectHyperparams(adam)({ learningRate, b1: 0.9, b2: 0.99 }),
    rates: { quadratic: 0.05, rosenbrock: 0.03, logistic: 0.03 },
    buffers: 2,
    overflows: squares,
  },
  adamw: {
    make: ({ learningRate }) => adamw({ learningRate, weightDecay: 1e-4 }),
    rates: { quadratic: 0.05, rosenbrock: 0.1, logistic: 0.03 },
    buffers: 2,
    decay: 1e-4,
    overflows: squares,
  },
  adahessian: {
    make: ({ learningRate }) => adahessian({ learningRate }),
    rates: { quadratic: 0.1, rosenbrock: 1, logistic: 0.1 },
    buffers: 2,
    overflows: squares,
  },
  "adahessian, injected": {
    make: ({ learningRate }) =>
      injectHyperparams(adahessian, ["seed"])({ learningRate, hessianPower: 0.9, seed: 5 }),
    rates: { quadratic: 0.1, rosenbrock: 1, logistic: 0.1 },
    buffers: 2,
    overflows: squares,
  },
  "nysNewton, 1 column": {
    make: ({ learningRate }) => nysNewton({ learningRate, rho: 0.5, columns: 1 }),
    rates: { quadratic: 0.3, rosenbrock: 0.002, logistic: 0.3 },
    buffers: 1,
    overflows: proportional,
  },
  "nysNewton, injected": {
    make: ({ learningRate }) =>
      injectHyperparams(nysNewton, ["columns", "seed"])({ learningRate, rho: 0.5, columns: 2 }),
    rates: { quadratic: 0.3, rosenbrock: 0.3, logistic: 0.3 },
    buffers: 2,
    more: 4,
    leastWeights: 2,
    overflows: proportional,
  },
  lbfgs: {
    make: ({ learningRate }) => lbfgs({ learningRate, memory: 3 }),
    rates: { quadratic: 0.5, rosenbrock: 0.5, logistic: 0.5 },
    buffers: 6,
    more: 6,
  },
  "lbfgs, injected, scheduled and guarded": {
    make: ({ learningRate, steps }) =>
      applyIfFinite(
        injectHyperparams(lbfgs, ["memory"])({
          learningRate: cosineDecaySchedule(learningRate, steps),
          memory: 2,
          minCurvature: 1e-3,
        }),
      ),
    rates: { quadratic: 0.5, rosenbrock: 0.5, logistic: 0.5 },
    buffers: 4,
    more: 4,
    guarded: true,
  },
  "partition by path": {
    make: ({ learningRate, rho }) =>
      partition(
        {
          dense: sofim({ learningRate, rho }),
          rest: injectHyperparams(sgd)({ learningRate, momentum: 0.5 }),
        },
        ([first]) => (first === "dense" ? "dense" : "rest"),
      ),
    rates: { quadratic: 0.1, rosenbrock: 0.0015, logistic: 0.5 },
    buffers: 1,
    overflows: proportional,
  },
  "partition by shape, of methods beyond the first order": {
    make: ({ learningRate }) =>
      partition(
        { matrices: adahessian({ learningRate }), vectors: lbfgs({ learningRate, memory: 2 }) },
        (_path, shape) => (shape.length > 1 ? "matrices" : "vectors"),
      ),
    rates: { quadratic: 0.1, rosenbrock: 0.5, logistic: 0.1 },
    buffers: 2,
    // The vector has two pairs in place of two buffers.
    more: 2 * 24 + 4,
    overflows: squares,
  },
};

export const rows = Object.entries(table);
