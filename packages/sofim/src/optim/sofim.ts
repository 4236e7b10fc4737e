import { sofimDefaults } from "../core/options.js";
import { addDecayedWeights, type DecayMask } from "./add-decayed-weights.js";
import { chain } from "./chain.js";
import type { Hyperparameter, ScalarOrSchedule } from "./hyperparameter.js";
import { scaleByLearningRate } from "./scale-by-learning-rate.js";
import { type ScaleBySofimOptions, scaleBySofim } from "./scale-by-sofim.js";
import type { GradientTransformation } from "./transformation.js";

/** Options of `sofim`. */
export interface SofimTransformationOptions extends ScaleBySofimOptions {
  /** Step size eta, finite and >= 0, or a schedule. Default 0.1. */
  readonly learningRate?: ScalarOrSchedule;
  /** Decoupled weight decay lambda, finite and >= 0. Default 0. */
  readonly weightDecay?: Hyperparameter;
  /** Which leaves decay. Default: all. */
  readonly mask?: DecayMask;
}

/**
 * SOFIM, natural-gradient descent with a rank-one regularized Fisher matrix of the bias-corrected moment Mh:
 *
 *     params <- (1 - eta lambda) params - eta Mh / (rho + |Mh|^2)
 *
 * The length of a step is at most eta / (2 sqrt(rho)), reached at |Mh|^2 = rho; beyond that, steps shrink as gradients
 * grow. With eta / rho fixed and rho growing, it becomes SGD with bias-corrected momentum. rho is in squared gradient
 * units: summing a loss instead of averaging it, or scaling it, calls for another rho.
 *
 * This is `chain(scaleBySofim, addDecayedWeights, scaleByLearningRate)`.
 *
 * @param options See `SofimTransformationOptions`.
 * @returns The transformation; one buffer per weight. `update` needs the parameters if weights decay.
 * @throws InvalidArgumentError for an option out of range.
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
 * Source: Sen, Qin, C, N, Chen, Raman, "SOFIM: Stochastic Optimization Using Regularized Fisher Information Matrix",
 * arXiv 2403.02833 (2024).
 */
export function sofim(options: SofimTransformationOptions = {}): GradientTransformation {
  const { weightDecay = sofimDefaults.weightDecay, mask } = options;
  return chain(
    scaleBySofim(options),
    addDecayedWeights({ weightDecay, ...(mask && { mask }) }),
    scaleByLearningRate(options.learningRate ?? sofimDefaults.learningRate),
  );
}
