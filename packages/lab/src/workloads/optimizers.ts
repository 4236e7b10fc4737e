import {
  adahessian,
  adam,
  adamw,
  injectHyperparams,
  lbfgs,
  nysNewton,
  sgd,
  sofim,
  sofimDefaults,
} from "sofim";
import { InvalidArgumentError } from "sofim/core";
import { define, schedule } from "./optimizer-definition.js";

const learningRate = (value: number) =>
  ({ kind: "number", default: value, help: "step size at the start" }) as const;
const weightDecay = (value: number) =>
  ({ kind: "number", default: value, help: "decoupled weight decay per unit of learning rate" }) as const;
const adamOptions = {
  schedule,
  b1: { kind: "number", default: 0.9, help: "decay of the first moment" },
  b2: { kind: "number", default: 0.999, help: "decay of the second moment" },
  eps: { kind: "number", default: 1e-8, help: "added to the root of the second moment" },
} as const;

const curvatureOptions = {
  every: {
    kind: "number",
    default: 1,
    help: "steps from one refresh of the curvature to the next",
  },
} as const;

/** Every optimizer that workloads have options for, by the name the command line takes. */
export const optimizers = Object.freeze({
  sofim: define(
    "SOFIM",
    {
      learningRate: learningRate(sofimDefaults.learningRate),
      schedule,
      rho: { kind: "number", default: sofimDefaults.rho, help: "regularization of the Fisher matrix" },
      beta: { kind: "number", default: sofimDefaults.beta, help: "decay of the first moment" },
      weightDecay: weightDecay(sofimDefaults.weightDecay),
      blocks: {
        kind: "choice",
        choices: ["global", "tensor"],
        default: sofimDefaults.blocks,
        help: "one norm over all weights, or one per tensor",
      },
      direction: {
        kind: "choice",
        choices: ["moment", "gradient"],
        default: sofimDefaults.direction,
        help: "what the inverse Fisher matrix multiplies",
      },
      window: {
        kind: "number",
        default: 0,
        help: "gradients that the Fisher matrix is built of; 0 for the moment alone",
      },
      diagnostics: {
        kind: "flag",
        default: false,
        help: "measure |Mh|^2, step length and cosine at every step, for --log-every",
      },
    },
    ({ weightDecay, window, ...rest }) =>
      injectHyperparams(sofim, ["window"])({
        ...rest,
        ...(window === 0 ? {} : { window }),
        // Held in the state, a decay of 0 would still be computed at every step.
        ...(weightDecay === 0 ? {} : { weightDecay }),
      }),
  ),
  sgd: define(
    "SGD with momentum",
    {
      learningRate: learningRate(0.03),
      schedule,
      momentum: { kind: "number", default: 0.9, help: "share of the last step that is kept" },
      nesterov: { kind: "flag", default: false, help: "look ahead by one momentum step" },
    },
    (options) => injectHyperparams(sgd)(options),
  ),
  adam: define("Adam", { learningRate: learningRate(0.003), ...adamOptions }, (options) =>
    injectHyperparams(adam)(options),
  ),
  adamw: define(
    "AdamW",
    { learningRate: learningRate(0.003), ...adamOptions, weightDecay: weightDecay(0.01) },
    (options) => injectHyperparams(adamw)(options),
  ),
  adahessian: define(
    "AdaHessian",
    {
      learningRate: learningRate(0.15),
      ...adamOptions,
      eps: { ...adamOptions.eps, default: 1e-4 },
      hessianPower: { kind: "number", default: 1, help: "power of the denominator" },
      weightDecay: weightDecay(0),
      spatialAveraging: {
        kind: "flag",
        default: true,
        help: "average the diagonal over convolution kernels",
      },
      ...curvatureOptions,
    },
    ({ weightDecay, hessianPower, every: _every, ...rest }, seed) =>
      injectHyperparams(adahessian, ["seed"])({
        ...rest,
        seed,
        // Held in the state, these two would still be computed where they change nothing.
        ...(hessianPower === 1 ? {} : { hessianPower }),
        ...(weightDecay === 0 ? {} : { weightDecay }),
      }),
  ),
  lbfgs: define(
    "L-BFGS",
    {
      learningRate: learningRate(0.1),
      schedule,
      memory: { kind: "number", default: 10, help: "pairs of steps and gradient changes to keep" },
      minCurvature: { kind: "number", default: 1, help: "least curvature of a pair that is taken in" },
      maxStep: { kind: "number", default: 0.5, help: "longest step, over all weights" },
    },
    (options) => injectHyperparams(lbfgs, ["memory"])(options),
  ),
  nysNewton: define(
    "Nys-Newton",
    {
      learningRate: learningRate(0.1),
      schedule,
      rho: { kind: "number", default: 1, help: "regularization of the Hessian" },
      columns: { kind: "number", default: 8, help: "columns of the Hessian to sample" },
      weightDecay: weightDecay(0),
      ...curvatureOptions,
    },
    ({ weightDecay, every: _every, ...rest }, seed) =>
      injectHyperparams(nysNewton, ["columns", "seed"])({
        ...rest,
        seed,
        ...(weightDecay === 0 ? {} : { weightDecay }),
      }),
  ),
});

export type OptimizerName = keyof typeof optimizers;

export const optimizerNames = Object.freeze(Object.keys(optimizers)) as readonly OptimizerName[];

/** The optimizer called `name`; an error that lists all of them when there is none. */
export function findOptimizer(name: string): OptimizerName {
  const found = optimizerNames.find((known) => known === name);
  if (found === undefined) {
    throw new InvalidArgumentError("optimizer", name, `one of ${optimizerNames.join(", ")}`);
  }
  return found;
}
