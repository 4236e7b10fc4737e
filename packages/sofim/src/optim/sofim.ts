import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { sofimDefaults } from "../core/options.js";
import { addDecayedWeights, type DecayMask, decayOptionNames } from "./add-decayed-weights.js";
import { chain } from "./chain.js";
import type { Hyperparameter, ScalarOrSchedule } from "./hyperparameter.js";
import { scaleByLearningRate } from "./scale-by-learning-rate.js";
import {
  descendBySofim,
  type ScaleBySofimOptions,
  scaleBySofim,
  scaleBySofimOptionNames,
} from "./scale-by-sofim.js";
import type { GradientTransformation } from "./transformation.js";

/** Options of `sofim`. */
export interface SofimTransformationOptions extends ScaleBySofimOptions {
  /** Step size eta, finite and >= 0, or a schedule. Default 0.13. */
  readonly learningRate?: ScalarOrSchedule;
  /** Decoupled weight decay lambda, finite and >= 0. Default 0. */
  readonly weightDecay?: Hyperparameter;
  /** Which leaves decay. Default: all. */
  readonly mask?: DecayMask;
}

const optionNames: OptionNames<SofimTransformationOptions> = {
  learningRate: "optional",
  ...scaleBySofimOptionNames,
  ...decayOptionNames,
};

/**
 * SOFIM, natural-gradient descent with a rank-one regularized Fisher matrix of the bias-corrected moment Mh:
 *
 *     params <- (1 - eta lambda) params - eta Mh / (rho + |Mh|^2)
 *
 * The length of a step is at most eta / (2 sqrt(rho)), reached at |Mh|^2 = rho; beyond that, steps shrink as gradients
 * grow. With eta / rho fixed and rho growing, it becomes SGD with bias-corrected momentum. rho is in squared gradient
 * units: summing a loss instead of averaging it, or scaling it, calls for another rho.
 *
 * With `window: k` the Fisher matrix is that of the last k gradients, and steps have a direction of their own; see
 * `scaleBySofim`.
 *
 * This is `chain(scaleBySofim, addDecayedWeights, scaleByLearningRate)`, in one pass over the weights less where the rate is
 * no schedule and nothing comes between.
 *
 * @param options See `SofimTransformationOptions`.
 * @returns The transformation; one buffer per weight, k + 1 with a window k. `update` needs the parameters if weights decay.
 * @throws InvalidArgumentError for an option that is unknown or out of range.
 *
 * @example
 * ```ts
 * import { defaultDevice, grad, init, jit, numpy as np, tree } from "@jax-js/jax";
 * import { applyUpdates, type OptState, sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const optimizer = sofim({ learningRate: 0.2, rho: 1 });
 * const loss = (w: np.Array) => np.sum(np.square(w.sub(2)));
 * const step = jit((w: np.Array, state: OptState): [np.Array, OptState] => {
 *   const [updates, next] = optimizer.update(grad(loss)(w.ref), state, w.ref);
 *   return [applyUpdates(w, updates), next];
 * });
 * let w = np.zeros([3], { dtype: np.float32 });
 * let state = optimizer.init(w.ref);
 * for (let i = 0; i < 300; i++) [w, state] = step(w, state);
 * tree.dispose(state);
 * if (Math.abs((await w.data())[0]! - 2) > 1e-2) throw new Error("did not converge");
 * ```
 *
 * @example With a window.
 * ```ts
 * import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
 * import { sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const optimizer = sofim({ learningRate: 1, beta: 0, rho: 1, window: 2 });
 * const [first, state] = optimizer.update(np.array([3, 0]), optimizer.init(np.zeros([2])));
 * const [second, next] = optimizer.update(np.array([0, 4]), state);
 * tree.dispose([first, next]);
 * // The matrix is now diag(9, 16) / 2 + I.
 * const [along, across] = await second.data();
 * if (Math.abs(along!) > 1e-6 || Math.abs(across! + 4 / 9) > 1e-6) throw new Error("unexpected");
 * ```
 *
 * Source: Sen, Qin, C, N, Chen, Raman, "SOFIM: Stochastic Optimization Using Regularized Fisher Information Matrix",
 * arXiv 2403.02833 (2024).
 */
export function sofim(options: SofimTransformationOptions = {}): GradientTransformation {
  const {
    learningRate = sofimDefaults.learningRate,
    weightDecay = sofimDefaults.weightDecay,
    mask,
    ...preconditioner
  } = checkOptionNames(options, optionNames);
  const decay = addDecayedWeights({ weightDecay, ...(mask && { mask }) });
  const descent = scaleByLearningRate(learningRate);
  const isPlain =
    weightDecay === 0 &&
    preconditioner.window === undefined &&
    !preconditioner.diagnostics &&
    preconditioner.direction !== "gradient";
  return isPlain && typeof learningRate !== "function"
    ? chain(descendBySofim(preconditioner, learningRate))
    : chain(scaleBySofim(preconditioner), decay, descent);
}
