import type { OptimizerDefinition, OptimizerOptions } from "../workloads/optimizer-definition.js";
import { optimizers } from "../workloads/optimizers.js";
import { clippedSgd, momentOnly, normalizedMoment } from "./ablations.js";
import { roundToDigits, type SearchPoint, type SearchSpace } from "./search-space.js";

/** A contestant: an optimizer, what of it is searched, and what stays as it is. */
export interface Method {
  /** As tables and legends name it. */
  readonly title: string;
  /** Methods that people use, or variants of SOFIM that show what its parts are worth. */
  readonly role: "method" | "ablation";
  readonly definition: OptimizerDefinition;
  readonly space: SearchSpace;
  /** The options that a point of `space` stands for; those not named keep the optimizer's defaults. */
  options(point: SearchPoint): OptimizerOptions;
}

const schedule = { kind: "choice", values: ["constant", "cosine"] } as const;
const log = (low: number, high: number) => ({ kind: "log", low, high }) as const;

/** learningRate / rho is SOFIM's step size where gradients are small: searched in its place, rho changes the rest. */
const sofimSpace: SearchSpace = { schedule, learningRatePerRho: log(0.2, 10), rho: log(0.01, 1) };
const sgdSpace: SearchSpace = { schedule, learningRate: log(0.005, 0.3), oneMinusMomentum: log(0.03, 0.3) };

function sofimOptions({ learningRatePerRho, rho, ...rest }: SearchPoint): OptimizerOptions {
  return { ...rest, rho: rho!, learningRate: roundToDigits(Number(learningRatePerRho) * Number(rho), 3) };
}

function sgdOptions({ oneMinusMomentum, ...rest }: SearchPoint): OptimizerOptions {
  return { ...rest, momentum: roundToDigits(1 - Number(oneMinusMomentum), 4) };
}

function sofimVariant(title: string, fixed: OptimizerOptions, role: Method["role"] = "ablation"): Method {
  return {
    title,
    role,
    definition: optimizers.sofim,
    space: sofimSpace,
    options: (point) => ({ ...sofimOptions(point), ...fixed }),
  };
}

/** Every contestant that a protocol can name, with its published search space. */
export const methods = Object.freeze({
  sofim: sofimVariant("SOFIM", {}, "method"),
  sgd: {
    title: "SGD with momentum",
    role: "method",
    definition: optimizers.sgd,
    space: sgdSpace,
    options: sgdOptions,
  },
  adam: {
    title: "Adam",
    role: "method",
    definition: optimizers.adam,
    space: {
      schedule,
      learningRate: log(3e-4, 0.02),
      b2: { kind: "choice", values: [0.99, 0.999] },
    },
    options: (point) => point,
  },
  adahessian: {
    title: "AdaHessian",
    role: "method",
    definition: optimizers.adahessian,
    space: {
      schedule,
      learningRate: log(0.01, 0.5),
      every: { kind: "choice", values: [1, 4] },
    },
    options: (point) => point,
  },
  nysNewton: {
    title: "Nys-Newton",
    role: "method",
    definition: optimizers.nysNewton,
    space: { schedule, learningRate: log(0.03, 1), rho: log(0.1, 10) },
    options: (point) => ({ ...point, columns: 8, every: 20 }),
  },
  lbfgs: {
    title: "L-BFGS",
    role: "method",
    definition: optimizers.lbfgs,
    space: { schedule, learningRate: log(0.1, 3), maxStep: log(0.05, 1) },
    options: (point) => point,
  },
  sofimWindow32: sofimVariant("SOFIM (window 32)", { window: 32 }, "method"),
  momentOnly: {
    title: "moment without FIM",
    role: "ablation",
    definition: momentOnly,
    space: { schedule, learningRate: log(0.05, 3) },
    options: (point) => point,
  },
  normalizedMoment: {
    title: "normalized moment",
    role: "ablation",
    definition: normalizedMoment,
    space: { schedule, learningRate: log(0.005, 0.5) },
    options: (point) => point,
  },
  clippedSgd: {
    title: "SGD (clipped)",
    role: "ablation",
    definition: clippedSgd,
    space: { ...sgdSpace, maxNorm: log(0.3, 10) },
    options: sgdOptions,
  },
  sofimTensor: sofimVariant("SOFIM per tensor", { blocks: "tensor" }),
  sofimGradient: sofimVariant("SOFIM of gradient", { direction: "gradient" }),
}) satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof methods;
