import { numpy as np, tree } from "@jax-js/jax";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { checkDecayRate, checkPositive } from "../core/options.js";
import {
  cast,
  checkHyperparameter,
  type Hyperparameter,
  movingAverage,
  nextWeight,
  operand,
  scalarDtype,
} from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import { type ArrayTree, type GradientTransformation, readState } from "./transformation.js";
import { checkSameTree } from "./tree.js";
import { zeroScalar, zerosLikeTree } from "./zeros.js";

/** The values of Adam's options where they are left out. */
export const adamDefaults = Object.freeze({ learningRate: 0.001, b1: 0.9, b2: 0.999, eps: 1e-8 } as const);

/** Options of `scaleByAdam`. */
export interface ScaleByAdamOptions {
  /** Decay rate of the first moment, in [0, 1). Default 0.9. */
  readonly b1?: Hyperparameter;
  /** Decay rate of the second moment, in [0, 1). Default 0.999. */
  readonly b2?: Hyperparameter;
  /** Added to the root of the second moment, finite and > 0. Default 1e-8. */
  readonly eps?: Hyperparameter;
}

/** The options' names, for `checkOptionNames`. */
export const scaleByAdamOptionNames: OptionNames<ScaleByAdamOptions> = {
  b1: "optional",
  b2: "optional",
  eps: "optional",
};

interface ScaleByAdamState {
  readonly mu: ArrayTree;
  readonly nu: ArrayTree;
  readonly muWeight: np.Array;
  readonly nuWeight: np.Array;
}

/**
 * Adam's direction, elementwise:
 *
 *     m <- b1 m + (1 - b1) g       v <- b2 v + (1 - b2) g^2       update = (m / d1) / (sqrt(v / d2) + eps)
 *
 * with bias-correction weights d <- b d + (1 - b), which equal 1 - b^t while b stays the same.
 *
 * State: `{ mu, nu, muWeight, nuWeight }`, two buffers per weight and two scalars.
 *
 * @param options See `ScaleByAdamOptions`.
 * @returns The transformation. `update` does not use the parameters.
 * @throws InvalidArgumentError for an option that is unknown or out of range; TreeMismatchError from `update` for
 * gradients that differ from the parameters given to `init`.
 *
 * Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1.
 */
export function scaleByAdam(options: ScaleByAdamOptions = {}): GradientTransformation {
  checkOptionNames(options, scaleByAdamOptionNames);
  const b1 = checkHyperparameter("b1", options.b1 ?? adamDefaults.b1, checkDecayRate);
  const b2 = checkHyperparameter("b2", options.b2 ?? adamDefaults.b2, checkDecayRate);
  const eps = checkHyperparameter("eps", options.eps ?? adamDefaults.eps, checkPositive);
  return {
    init(params) {
      const dtype = scalarDtype(tree.leaves<np.Array>(params));
      const mu = zerosLikeTree(tree.ref(params));
      return { mu, nu: zerosLikeTree(params), muWeight: zeroScalar(dtype), nuWeight: zeroScalar(dtype) };
    },
    update(updates, state, params) {
      const old = readState<ScaleByAdamState>("scaleByAdam", state, ["mu", "nu", "muWeight", "nuWeight"]);
      checkSameTree("gradients", updates, "params", old.mu);
      tree.dispose(params);
      const muWeight = nextWeight(old.muWeight, b1);
      const nuWeight = nextWeight(old.nuWeight, b2);
      const gradients = tree.leaves<np.Array>(updates);
      const mu = mapLeaves(old.mu, (m, i) => movingAverage(m, gradients[i]!.ref, b1));
      const nu = mapLeaves(old.nu, (v, i) => movingAverage(v, np.square(gradients[i]!), b2));
      // (m / d1) / (sqrt(v / d2) + eps) = m / (sqrt(v) d1 / sqrt(d2) + eps d1): the scalars meet before the arrays.
      const perRoot = muWeight.ref.mul(np.reciprocal(np.sqrt(nuWeight.ref)));
      const perEps = muWeight.ref.mul(operand(eps, muWeight.dtype));
      const roots = tree.leaves<np.Array>(tree.ref(nu));
      const directions = mapLeaves(tree.ref(mu), (m, i) => {
        const root = np.sqrt(roots[i]!).mul(cast(perRoot.ref, m.dtype));
        return m.div(root.add(cast(perEps.ref, m.dtype)));
      });
      perRoot.dispose();
      perEps.dispose();
      return [directions as typeof updates, { mu, nu, muWeight, nuWeight }];
    },
  };
}
