import { type numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import {
  checkDecayRate,
  checkDirection,
  checkPositive,
  checkWindow,
  type Direction,
  sofimDefaults,
} from "../core/options.js";
import {
  checkHyperparameter,
  type Hyperparameter,
  movingAverage,
  nextWeight,
  scalarDtype,
} from "./hyperparameter.js";
import { preconditionGradient, preconditionMoment } from "./precondition.js";
import { scaleByWindow } from "./scale-by-window.js";
import { measureStep, type SofimDiagnosticsState, zeroDiagnostics } from "./sofim-diagnostics.js";
import { type GradientTransformation, type OptState, readState } from "./transformation.js";
import { checkSameTree, type LeafPath, leafPaths } from "./tree.js";
import { zeroScalar, zerosLikeTree } from "./zeros.js";

/**
 * Which weights share a norm, and so a block of the Fisher matrix: all of them, each tensor its own, or those for
 * whose leaf the function returns the same key.
 */
export type Blocks = "global" | "tensor" | ((path: LeafPath) => string);

/** Options of `scaleBySofim`. */
export interface ScaleBySofimOptions {
  /** Decay rate of the first moment, in [0, 1). Default 0.9. */
  readonly beta?: Hyperparameter;
  /** Regularization of the Fisher matrix, finite and > 0, in squared gradient units. Default 0.075. */
  readonly rho?: Hyperparameter;
  /** Default `"global"`. */
  readonly blocks?: Blocks;
  /** Vector that the inverse Fisher matrix is applied to. Default `"moment"`. */
  readonly direction?: Direction;
  /**
   * Build the Fisher matrix of the last so many gradients, an integer >= 1, and not of the moment; 32 is a good length,
   * and below 16 it can diverge. Such a matrix is global and applied to the moment. `injectHyperparams` must be told to
   * leave it a number. Default: none.
   */
  readonly window?: number | undefined;
  /** Keep |Mh|^2, step length and cosine of every step in the state, for `readSofimDiagnostics`. Default false. */
  readonly diagnostics?: boolean;
}

/** The options' names, for `checkOptionNames`. */
export const scaleBySofimOptionNames: OptionNames<ScaleBySofimOptions> = {
  beta: "optional",
  rho: "optional",
  blocks: "optional",
  direction: "optional",
  window: "optional",
  diagnostics: "optional",
};

interface ScaleBySofimState {
  /** First moment M, before bias correction. */
  readonly mu: OptState;
  /** Bias-correction weight d: Mh = M / d. */
  readonly weight: np.Array;
  readonly diagnostics?: SofimDiagnosticsState;
}

/**
 * Preconditions gradients with the inverse of SOFIM's regularized Fisher matrix.
 *
 *     M <- beta M + (1 - beta) g           d <- beta d + (1 - beta)           Mh = M / d
 *     update = Mh / (rho + |Mh|^2)                                (= (Mh Mh' + rho I)^-1 Mh)
 *
 * The norm is over all weights; with `blocks` the matrix is block-diagonal and each block has its own norm. With
 * `direction: "gradient"` the update is (Mh Mh' + rho I)^-1 g. The sign is the gradient's: chain with
 * `scaleByLearningRate`, as `sofim` does. Float64 leaves stay float64.
 *
 * With `window: k` the matrix is that of the last n = min(t, k) gradients, and the update
 *
 *     ((1 / n) sum_j g_j g_j' + rho I)^-1 Mh
 *
 * by a k x k system in float64, which the device must have.
 *
 * State: `{ mu, weight }`, one buffer per weight and one scalar. With a window
 * `{ gradients, tail, gram, tailProducts, shares, weight, filled }`, k buffers per weight, one of float64, and
 * k^2 + 2 k + 2 numbers. With `diagnostics` also `{ momentNormSquared, stepLength, cosine }` under that name, which cost
 * four more reductions.
 *
 * @param options See `ScaleBySofimOptions`.
 * @returns The transformation. `update` does not use the parameters.
 * @throws InvalidArgumentError for an option that is unknown or out of range; TreeMismatchError from `update` for
 * gradients that differ in structure, shape or (without a window) dtype from the parameters given to `init`.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, numpy as np } from "@jax-js/jax";
 * import { scaleBySofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const transformation = scaleBySofim({ rho: 1 });
 * const state = transformation.init({ w: np.zeros([2]) });
 * const [updates] = transformation.update({ w: np.array([3, 4]) }, state);
 * const [first] = await updates.w.data();
 * if (Math.abs(first! - 3 / 26) > 1e-6) throw new Error("expected g / (rho + |g|^2)");
 * ```
 *
 * Source: Sen et al., arXiv 2403.02833 (2024), algorithm 1. The window is ours, after Frantar, Kurtic, Alistarh, "M-FAC:
 * Efficient Matrix-Free Approximations of Second-Order Information", NeurIPS 2021, arXiv 2107.03356.
 */
export function scaleBySofim(options: ScaleBySofimOptions = {}): GradientTransformation {
  return descendBySofim(checkOptionNames(options, scaleBySofimOptionNames), undefined);
}

/**
 * @internal `scaleBySofim`, and with a learning rate also `scaleByLearningRate`: the scalar that multiplies the moment takes
 * the rate in, which saves a pass over the weights. The rate is not for `window`, `diagnostics` and
 * `direction: "gradient"`.
 */
export function descendBySofim(
  options: ScaleBySofimOptions,
  learningRate: Hyperparameter | undefined,
): GradientTransformation {
  const beta = checkHyperparameter("beta", options.beta ?? sofimDefaults.beta, checkDecayRate);
  const rho = checkHyperparameter("rho", options.rho ?? sofimDefaults.rho, checkPositive);
  const direction = checkDirection(options.direction ?? sofimDefaults.direction);
  const blocks = checkBlocks(options.blocks ?? sofimDefaults.blocks);
  const diagnosing = options.diagnostics ?? false;
  if (options.window !== undefined) {
    const hint = "; partition gives groups of tensors windows of their own";
    const window = checkWindow(options.window, { blocks, direction }, hint);
    return scaleByWindow({ window, beta, rho, diagnostics: diagnosing });
  }
  const stateKeys = ["mu", "weight", ...(diagnosing ? (["diagnostics"] as const) : [])] as const;
  return {
    init(params) {
      const dtype = scalarDtype(tree.leaves<np.Array>(params));
      const start = { mu: zerosLikeTree(params), weight: zeroScalar(dtype) };
      return diagnosing ? { ...start, diagnostics: zeroDiagnostics(dtype) } : start;
    },
    update(updates, state, params) {
      const { mu, weight, diagnostics } = readState<ScaleBySofimState>("scaleBySofim", state, stateKeys);
      checkSameTree("gradients", updates, "params", mu);
      const keys = blockKeys(blocks, leafPaths(updates));
      tree.dispose(params);
      const [gradients, structure] = tree.flatten<np.Array>(updates);
      const oldMoments = tree.leaves<np.Array>(mu);
      const newWeight = nextWeight(weight, beta);
      const newMoments = oldMoments.map((m, i) => movingAverage(m.ref, gradients[i]!.ref, beta));
      const steps = perBlock(keys, (members) => {
        const pick = (leaves: np.Array[]) => members.map((i) => leaves[i]!);
        return direction === "moment"
          ? preconditionMoment(pick(newMoments), newWeight, rho, learningRate)
          : preconditionGradient(pick(newMoments), pick(oldMoments), pick(gradients), newWeight, rho, beta);
      });
      const next: ScaleBySofimState = {
        mu: tree.unflatten(structure, newMoments),
        weight: newWeight,
        ...(diagnosing && { diagnostics: measureStep(gradients, newMoments, newWeight, steps) }),
      };
      tree.dispose([oldMoments, gradients, { ...diagnostics }]);
      return [tree.unflatten(structure, steps) as typeof updates, { ...next }];
    },
  };
}

function checkBlocks(value: Blocks): Blocks {
  if (value === "global" || value === "tensor" || typeof value === "function") return value;
  throw new InvalidArgumentError("blocks", value, '"global", "tensor" or a function from path to key');
}

function blockKeys(blocks: Blocks, paths: readonly LeafPath[]): (string | number)[] {
  if (blocks === "global") return paths.map(() => 0);
  return blocks === "tensor" ? paths.map((_, i) => i) : paths.map(blocks);
}

/** Calls `run` with the leaf indices of every block and puts what it returns back into leaf order. */
function perBlock(
  keys: readonly (string | number)[],
  run: (members: readonly number[]) => np.Array[],
): np.Array[] {
  const groups = new Map<string | number, number[]>();
  keys.forEach((key, i) => {
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [i]);
    else members.push(i);
  });
  const results: np.Array[] = new Array(keys.length);
  for (const members of groups.values()) {
    run(members).forEach((result, j) => {
      results[members[j]!] = result;
    });
  }
  return results;
}
