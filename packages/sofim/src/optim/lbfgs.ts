import { type numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { checkInteger, checkNonNegative, checkPositive } from "../core/options.js";
import { applyUpdates } from "./apply-updates.js";
import { chain } from "./chain.js";
import { clipByGlobalNorm } from "./clip-by-global-norm.js";
import { addPair, applyInverseHessian, type CurvatureHistory, emptyHistory } from "./curvature-history.js";
import { fromVector, toVector } from "./flat-vector.js";
import {
  checkHyperparameter,
  type Hyperparameter,
  type ScalarOrSchedule,
  scalarDtype,
} from "./hyperparameter.js";
import { scaleByLearningRate } from "./scale-by-learning-rate.js";
import { type GradientTransformation, type OptState, readState, requireExtra } from "./transformation.js";
import { checkSameTree } from "./tree.js";

/** Options of `lbfgs`. */
export interface LbfgsOptions {
  /** Step size, finite and >= 0, or a schedule. Required. */
  readonly learningRate: ScalarOrSchedule;
  /** Pairs of steps and gradient changes to keep, an integer >= 1. Default 10. */
  readonly memory?: number;
  /** Pairs with a curvature s'y / s's of this or less are left out; finite and >= 0. Default 1e-4. */
  readonly minCurvature?: Hyperparameter;
  /** Longest step, over all weights, finite and > 0. Default: none. */
  readonly maxStep?: Hyperparameter;
}

const optionNames: OptionNames<LbfgsOptions> = {
  learningRate: "required",
  memory: "optional",
  minCurvature: "optional",
  maxStep: "optional",
};

interface LbfgsState {
  readonly history: CurvatureHistory;
  /** State of the learning rate. */
  readonly descent: OptState;
}

/**
 * Stochastic L-BFGS: quasi-Newton steps of a fixed or scheduled size from minibatch gradients.
 *
 *     s = -learningRate H g(w; batch)          params <- w + s          y = g(w + s; batch) - g(w; batch)
 *
 * H is the BFGS inverse Hessian of the last `memory` pairs (s, y), applied by the two-loop recursion, which starts at
 * s'y / y'y of the newest pair. Both gradients of a pair come from the same batch, as a difference of gradients over
 * different batches would be mostly noise; a step therefore takes two gradients. A pair is taken in only if
 * s'y > minCurvature s's, which keeps H positive definite where the loss is not convex (the cautious update). Until
 * there is a pair, steps are not longer than learningRate.
 *
 * The gradients that come in must be those of the loss: `chain` refuses to put anything before this transformation, as
 * a clipped or otherwise changed gradient would make y the difference of two different functions' gradients. To bound
 * the step, give `maxStep`.
 *
 * State: `{ history, descent }`, 2 memory buffers per weight.
 *
 * @param options See `LbfgsOptions`.
 * @returns The transformation. `update` needs the parameters and `extra.gradientAt`.
 * @throws InvalidArgumentError for an option that is unknown or out of range, or from `update` for what is missing;
 * TreeMismatchError from `update` for gradients that differ from the parameters.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, jit, numpy as np, tree } from "@jax-js/jax";
 * import { lbfgs, trainingStep } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const scales = () => np.array([100, 1], { dtype: np.float32 });
 * const loss = (w: np.Array) => np.sum(scales().mul(np.square(w.sub(3))));
 * const optimizer = lbfgs({ learningRate: 0.5, memory: 4 });
 * const step = jit(trainingStep(loss, optimizer));
 * let w = np.zeros([2], { dtype: np.float32 });
 * let state = optimizer.init(w.ref);
 * let value: np.Array;
 * for (let i = 0; i < 40; i++) {
 *   [value, w, state] = step(w, state);
 *   value.dispose();
 * }
 * tree.dispose(state);
 * const [first, second] = await w.data();
 * if (Math.hypot(first! - 3, second! - 3) > 1e-3) throw new Error("did not converge");
 * ```
 *
 * Source: Nocedal, Wright, "Numerical Optimization", 2nd ed., algorithm 7.4; pairs from one batch: Schraudolph, Yu,
 * Günter, "A Stochastic Quasi-Newton Method for Online Convex Optimization", AISTATS 2007; cautious update: Li,
 * Fukushima, "On the Global Convergence of the BFGS Method for Nonconvex Unconstrained Optimization Problems", SIAM
 * Journal on Optimization 11 (2001).
 */
export function lbfgs(options: LbfgsOptions): GradientTransformation {
  const { learningRate, memory = 10, minCurvature = 1e-4, maxStep } = checkOptionNames(options, optionNames);
  checkInteger("memory", memory, 1);
  const least = checkHyperparameter("minCurvature", minCurvature, checkNonNegative);
  const rated = scaleByLearningRate(learningRate);
  const longest = maxStep === undefined ? undefined : checkHyperparameter("maxStep", maxStep, checkPositive);
  const descent = longest === undefined ? rated : chain(rated, clipByGlobalNorm(longest));
  return {
    needsRawGradients: "it compares them with gradients of the loss at other parameters",
    init(params) {
      const leaves = tree.leaves<np.Array>(params);
      const size = leaves.reduce((sum, x) => sum + x.size, 0);
      const history = emptyHistory(memory, size, scalarDtype(leaves));
      return { history, descent: descent.init(params) };
    },
    update(updates, state, params, extra) {
      const { history, descent: rate } = readState<LbfgsState>("lbfgs", state, ["history", "descent"]);
      if (params === undefined)
        throw new InvalidArgumentError("params", params, "the parameters, which lbfgs needs");
      checkSameTree("gradients", updates, "params", params);
      const gradientAt = requireExtra("lbfgs", extra, "gradientAt");
      const { dtype, shape } = history.steps;
      if (shape[1] === 0) {
        tree.dispose(params);
        return [updates, state];
      }
      const gradient = toVector(tree.ref(updates), dtype);
      const direction = fromVector(applyInverseHessian(history, gradient.ref), updates);
      const [steps, nextRate] = descent.update(direction, rate);
      const next = applyUpdates(tree.ref(params), tree.ref(steps));
      // What the weights moved by, which rounding makes another vector than the step where that is short.
      const moved = toVector(tree.ref(next), dtype).sub(toVector(params, dtype));
      const change = toVector(gradientAt(next), dtype).sub(gradient);
      return [steps, { history: addPair(history, moved, change, least), descent: nextRate }];
    },
  };
}
