import { numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
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
import { checkSeed, keyFromSeed, nextKeys, rademacher } from "./rademacher.js";
import {
  type ArrayTree,
  type ExtraArgs,
  type GradientTransformation,
  readState,
  requireExtra,
} from "./transformation.js";
import { checkSameTree } from "./tree.js";
import { zeroScalar, zerosLikeTree } from "./zeros.js";

/** The values of AdaHessian's options where they are left out. */
export const adahessianDefaults = Object.freeze({
  learningRate: 0.15,
  b1: 0.9,
  b2: 0.999,
  eps: 1e-4,
  hessianPower: 1,
  weightDecay: 0,
  seed: 0,
  spatialAveraging: true,
} as const);

/** Options of `scaleByAdahessian`. */
export interface ScaleByAdahessianOptions {
  /** Decay rate of the first moment, in [0, 1). Default 0.9. */
  readonly b1?: Hyperparameter;
  /** Decay rate of the squared Hessian diagonal, in [0, 1). Default 0.999. */
  readonly b2?: Hyperparameter;
  /** Added to the denominator, finite and > 0. Default 1e-4. */
  readonly eps?: Hyperparameter;
  /** Power k of the denominator, in [0, 1]: 1 is Newton's scaling, 0 plain momentum. Default 1. */
  readonly hessianPower?: Hyperparameter;
  /** Of the random probes, an integer from 0 to 2^32 - 1. Default 0. */
  readonly seed?: number;
  /** Average |D| over each convolution kernel. Default true. */
  readonly spatialAveraging?: boolean;
}

/** The options' names, for `checkOptionNames`. */
export const scaleByAdahessianOptionNames: OptionNames<ScaleByAdahessianOptions> = {
  b1: "optional",
  b2: "optional",
  eps: "optional",
  hessianPower: "optional",
  seed: "optional",
  spatialAveraging: "optional",
};

interface ScaleByAdahessianState {
  readonly mu: ArrayTree;
  readonly nu: ArrayTree;
  readonly muWeight: np.Array;
  readonly nuWeight: np.Array;
  readonly key: np.Array;
}

/**
 * AdaHessian's direction: Adam with the diagonal of the Hessian in the place of the gradient in the second moment.
 *
 *     D = z * (H z), z_i = -1 or 1 at random              E[D] = diag(H)  (Hutchinson)
 *     m <- b1 m + (1 - b1) g                               v <- b2 v + (1 - b2) D^2
 *     update = (m / d1) / (sqrt(v / d2)^k + eps)
 *
 * with bias-correction weights d <- b d + (1 - b). With `spatialAveraging`, every leaf of three or more dimensions is
 * taken for convolution kernels [out, in, ...window] and |D| is replaced by its mean over each window; vectors and
 * matrices stay as they are.
 *
 * The probes are drawn inside the step from a key in the state: the same seed gives the same run. In a step with
 * `extra.refreshCurvature` false, v keeps its value and nothing is drawn; the first step must not be one.
 *
 * State: `{ mu, nu, muWeight, nuWeight, key }`, two buffers per weight, two scalars and two uint32.
 *
 * @param options See `ScaleByAdahessianOptions`.
 * @returns The transformation. `update` needs `extra.hessianVectorProduct`, and does not use the parameters.
 * @throws InvalidArgumentError for an option that is unknown or out of range, or from `update` without
 * `extra.hessianVectorProduct`; TreeMismatchError from `update` for gradients that differ from the parameters given to
 * `init`.
 *
 * Source: Yao, Gholami, Shen, Mustafa, Keutzer, Mahoney, "AdaHessian: An Adaptive Second Order Optimizer for Machine
 * Learning", AAAI 2021, algorithm 1 and equations 7 to 12. As in its authors' program, the mean over a window is of |D|.
 */
export function scaleByAdahessian(options: ScaleByAdahessianOptions = {}): GradientTransformation {
  checkOptionNames(options, scaleByAdahessianOptionNames);
  const b1 = checkHyperparameter("b1", options.b1 ?? adahessianDefaults.b1, checkDecayRate);
  const b2 = checkHyperparameter("b2", options.b2 ?? adahessianDefaults.b2, checkDecayRate);
  const eps = checkHyperparameter("eps", options.eps ?? adahessianDefaults.eps, checkPositive);
  const given = options.hessianPower ?? adahessianDefaults.hessianPower;
  const power = checkHyperparameter("hessianPower", given, checkPower);
  const seed = checkSeed(options.seed ?? adahessianDefaults.seed);
  const averaging = options.spatialAveraging ?? adahessianDefaults.spatialAveraging;
  return {
    init(params) {
      const dtype = scalarDtype(tree.leaves<np.Array>(params));
      const mu = zerosLikeTree(tree.ref(params));
      const nu = zerosLikeTree(params);
      return { mu, nu, muWeight: zeroScalar(dtype), nuWeight: zeroScalar(dtype), key: keyFromSeed(seed) };
    },
    update(updates, state, params, extra) {
      const keys = ["mu", "nu", "muWeight", "nuWeight", "key"] as const;
      const old = readState<ScaleByAdahessianState>("scaleByAdahessian", state, keys);
      checkSameTree("gradients", updates, "params", old.mu);
      const second = extra?.refreshCurvature === false ? old : refresh(old, extra, b2, averaging);
      tree.dispose(params);
      const muWeight = nextWeight(old.muWeight, b1);
      const gradients = tree.leaves<np.Array>(updates);
      const mu = mapLeaves(old.mu, (m, i) => movingAverage(m, gradients[i]!, b1));
      const perWeight = np.reciprocal(muWeight.ref);
      const perRoot = np.reciprocal(np.sqrt(second.nuWeight.ref));
      const squares = tree.leaves<np.Array>(tree.ref(second.nu));
      const directions = mapLeaves(tree.ref(mu), (m, i) => {
        const { dtype } = m;
        const root = np.sqrt(squares[i]!).mul(cast(perRoot.ref, dtype));
        return m.mul(cast(perWeight.ref, dtype)).div(raise(root, power).add(operand(eps, dtype)));
      });
      perWeight.dispose();
      perRoot.dispose();
      const { nu, nuWeight, key } = second;
      return [directions as typeof updates, { mu, nu, muWeight, nuWeight, key }];
    },
  };
}

type SecondMoment = Pick<ScaleByAdahessianState, "nu" | "nuWeight" | "key">;

/** Draws a probe and brings v forward by the diagonal that it finds. */
function refresh(
  { nu, nuWeight, key }: SecondMoment,
  extra: ExtraArgs | undefined,
  b2: Hyperparameter,
  averaging: boolean,
): SecondMoment {
  const product = requireExtra("adahessian", extra, "hessianVectorProduct");
  const [leaves, structure] = tree.flatten<np.Array>(nu);
  const [nextKey, drawKey] = nextKeys(key);
  const probe = rademacher(drawKey, leaves);
  const curved = tree.leaves<np.Array>(product(tree.unflatten(structure, tree.ref(probe)) as ArrayTree));
  const next = leaves.map((v, i) => {
    const diagonal = probe[i]!.mul(curved[i]!);
    return movingAverage(v, np.square(averaging ? overWindow(diagonal) : diagonal), b2);
  });
  return {
    nu: tree.unflatten(structure, next) as ArrayTree,
    nuWeight: nextWeight(nuWeight, b2),
    key: nextKey,
  };
}

/** The mean of |x| over the window of each kernel [out, in, ...window]; other arrays as they are. */
function overWindow(x: np.Array): np.Array {
  if (x.ndim < 3 || x.size === 0) return x;
  const window = x.shape.map((_, axis) => axis).slice(2);
  const shape = [...x.shape];
  return np.broadcastTo(np.mean(np.abs(x), window, { keepdims: true }), shape);
}

/** x^power for x >= 0; 1 for a power of 0, whatever x is. */
function raise(x: np.Array, power: Hyperparameter): np.Array {
  if (power === 1) return x;
  const { dtype } = x;
  const exponent = operand(power, dtype);
  const isPositive = exponent.ref.greater(0);
  // 0 log 0 is not a number.
  return np.where(isPositive, np.exp(np.log(x).mul(exponent)), np.array(1, { dtype }));
}

function checkPower(name: string, value: unknown): number {
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError(name, value, "a number in [0, 1]");
  }
  return value;
}
