import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { addDecayedWeights, type DecayMask, decayOptionNames } from "./add-decayed-weights.js";
import { chain } from "./chain.js";
import type { Hyperparameter, ScalarOrSchedule } from "./hyperparameter.js";
import { scaleByLearningRate } from "./scale-by-learning-rate.js";
import {
  nysNewtonDefaults,
  type ScaleByNysNewtonOptions,
  scaleByNysNewton,
  scaleByNysNewtonOptionNames,
} from "./scale-by-nys-newton.js";
import type { GradientTransformation } from "./transformation.js";

/** Options of `nysNewton`. */
export interface NysNewtonOptions extends ScaleByNysNewtonOptions {
  /** Step size, finite and >= 0, or a schedule. Default 0.1. */
  readonly learningRate?: ScalarOrSchedule;
  /** Decoupled weight decay, finite and >= 0. Default 0. */
  readonly weightDecay?: Hyperparameter;
  /** Which leaves decay. Default: all. */
  readonly mask?: DecayMask;
}

const optionNames: OptionNames<NysNewtonOptions> = {
  learningRate: "optional",
  ...scaleByNysNewtonOptionNames,
  ...decayOptionNames,
};

/**
 * Nys-Newton, a regularized Newton step with a Nystrom approximation of the Hessian:
 *
 *     params - learningRate (C |W|^+ C' + rho I)^-1 g
 *
 * where C are m random columns of the minibatch Hessian and W their rows at the same places. See `scaleByNysNewton`.
 *
 * Time: m Hessian-vector products on top of the gradient in every step that refreshes the curvature, m + 1 to 2 m + 1
 * gradients. To refresh every k steps only, compile two steps, `trainingStep(loss, optimizer)` and
 * `trainingStep(loss, optimizer, { refreshCurvature: false })`, and run the first at every k-th count. Memory: m buffers
 * per weight between steps, and twice that again within a refreshing one.
 *
 * @param options See `NysNewtonOptions`.
 * @returns The transformation. `update` needs `extra.hessianVectorProduct`, which `trainingStep` provides.
 * @throws InvalidArgumentError for an option that is unknown or out of range.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
 * import { nysNewton, trainingStep } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * // A narrow valley: gradient descent would need 1000 steps.
 * const loss = (w: { x: np.Array; y: np.Array }) => np.square(w.x).mul(500).add(np.square(w.y.sub(1)).mul(0.5));
 * const optimizer = nysNewton({ learningRate: 1, rho: 1e-3, columns: 2 });
 * const step = trainingStep(loss, optimizer);
 * let w = { x: np.array(1, { dtype: np.float32 }), y: np.array(0, { dtype: np.float32 }) };
 * let state = optimizer.init(tree.ref(w));
 * for (let i = 0; i < 5; i++) {
 *   const [value, next, nextState] = step(w, state);
 *   value.dispose();
 *   [w, state] = [next, nextState];
 * }
 * if (Math.abs(w.x.item()) > 1e-4 || Math.abs(w.y.item() - 1) > 1e-4) throw new Error("did not converge");
 * ```
 *
 * Source: our re-implementation of Singh, Tankaria, Yamada, "Nys-Newton: Nystrom-Approximated Curvature for Stochastic
 * Optimization", arXiv 2110.08577.
 */
export function nysNewton(options: NysNewtonOptions = {}): GradientTransformation {
  const { learningRate, weightDecay = 0, mask, ...direction } = checkOptionNames(options, optionNames);
  return chain(
    scaleByNysNewton(direction),
    addDecayedWeights({ weightDecay, ...(mask && { mask }) }),
    scaleByLearningRate(learningRate ?? nysNewtonDefaults.learningRate),
  );
}
