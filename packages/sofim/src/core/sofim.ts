import type { BlockDiagnostics, StepSettings } from "./block.js";
import type { Fisher } from "./fisher.js";
import { type FloatArray, type FloatType, kernelsOf } from "./kernels/index.js";
import { MomentFisher } from "./moment-fisher.js";
import { checkOptionNames } from "./option-names.js";
import {
  checkBlockLengths,
  checkChoice,
  checkDecayRate,
  checkDirection,
  checkInteger,
  checkNonNegative,
  checkPositive,
  checkWindow,
  type SofimOptions,
  sofimDefaults,
  sofimOptionNames,
} from "./options.js";
import { checkFloatArray, checkState, type SofimState } from "./state.js";
import { WindowFisher } from "./window-fisher.js";

/** What a step did. `Sofim` keeps one such object and fills it anew at every step. */
export interface SofimDiagnostics extends BlockDiagnostics {
  /** Over several blocks: the sum of their norms squared, and the largest of their scales. */
  readonly blocks: readonly BlockDiagnostics[];
  /** True if the gradient held NaN or infinity, so that nothing was touched. */
  readonly skipped: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The SOFIM optimizer on a flat array of weights, updated in place.
 *
 * With gradient g, weights w, learning rate eta and weight decay lambda, one step is
 *
 *     M <- beta M + (1 - beta) g           d <- beta d + (1 - beta)           Mh = M / d
 *     F = Mh Mh' + rho I
 *     w <- (1 - eta lambda) w - eta F^-1 Mh,       F^-1 Mh = Mh / (rho + |Mh|^2)
 *
 * d is the same moving average taken of ones: 1 - beta^t while beta stays the same, and right when it changes. The
 * length of the step is at most eta / (2 sqrt(rho)), reached at |Mh|^2 = rho. With `direction: "gradient"` the step is
 * eta F^-1 g. With `blocks` F is block-diagonal and every block has its own norm. With `window: k`,
 *
 *     F = (1 / n) sum_j g_j g_j' + rho I         over the last n = min(t, k) gradients
 *
 * Weight decay is decoupled (as in
 * AdamW): it uses the weights from before the step and is not seen by the moment.
 *
 * Memory: one buffer as large as the weights; with a window k, and one of float64. Time: one pass that reads moment and
 * gradient, one that reads and writes; with a window k inner products and k additions of vectors. Sums are float64.
 * `step` allocates nothing.
 *
 * @throws InvalidArgumentError if the size or an option cannot be used, or there is no such option.
 *
 * @example
 * ```ts
 * import { Sofim } from "sofim/core";
 *
 * const target = [3, -1];
 * const weights = Float64Array.of(0, 0);
 * const optimizer = new Sofim(weights.length, { learningRate: 0.05, rho: 0.1, dtype: "float64" });
 * for (let i = 0; i < 2000; i++) {
 *   optimizer.step(weights, weights.map((w, j) => w - target[j]!));
 * }
 * if (Math.hypot(weights[0]! - 3, weights[1]! + 1) > 1e-6) throw new Error("did not converge");
 * ```
 *
 * @example With a window.
 * ```ts
 * import { Sofim } from "sofim/core";
 *
 * const weights = Float64Array.of(0, 0);
 * const optimizer = new Sofim(2, { learningRate: 1, beta: 0, rho: 1, window: 2, dtype: "float64" });
 * optimizer.step(weights, Float64Array.of(3, 0));
 * weights.fill(0);
 * optimizer.step(weights, Float64Array.of(0, 4));
 * // The matrix is now diag(9, 16) / 2 + I.
 * if (Math.hypot(weights[0]!, weights[1]! + 4 / 9) > 1e-12) throw new Error("unexpected");
 * ```
 *
 * Source: Sen, Qin, C, N, Chen, Raman, "SOFIM: Stochastic Optimization Using Regularized Fisher Information Matrix",
 * arXiv 2403.02833 (2024). The window is ours, after Frantar, Kurtic, Alistarh, "M-FAC: Efficient Matrix-Free
 * Approximations of Second-Order Information", NeurIPS 2021, arXiv 2107.03356.
 */
export class Sofim {
  /** Number of weights. */
  readonly size: number;
  /** Element type of weights, gradient and moment. */
  readonly dtype: FloatType;
  /** Gradients that the Fisher matrix is built of; undefined if it is built of the moment. */
  readonly window: number | undefined;
  readonly #fisher: Fisher;
  readonly #settings: Mutable<StepSettings>;
  readonly #diagnostics: Mutable<SofimDiagnostics>;
  #weightDecay: number;
  #momentWeight = 0;
  #steps = 0;
  #skippedSteps = 0;

  /**
   * @param size Number of weights, >= 1.
   * @param options See `SofimOptions`.
   */
  constructor(size: number, options: SofimOptions = {}) {
    this.size = checkInteger("size", size, 1);
    checkOptionNames(options, sofimOptionNames);
    this.dtype = checkChoice("dtype", options.dtype ?? "float32", ["float32", "float64"]);
    this.#settings = {
      kernels: kernelsOf[this.dtype],
      direction: checkDirection(options.direction ?? sofimDefaults.direction),
      learningRate: checkNonNegative("learningRate", options.learningRate ?? sofimDefaults.learningRate),
      beta: checkDecayRate("beta", options.beta ?? sofimDefaults.beta),
      rho: checkPositive("rho", options.rho ?? sofimDefaults.rho),
      momentWeight: 0,
      keep: 1,
    };
    this.#weightDecay = checkNonNegative("weightDecay", options.weightDecay ?? sofimDefaults.weightDecay);
    const blocks = options.blocks ?? sofimDefaults.blocks;
    const lengths = checkBlockLengths(blocks, size);
    if (options.window !== undefined) {
      this.window = checkWindow(options.window, { blocks, direction: this.#settings.direction });
    }
    this.#fisher =
      this.window === undefined
        ? new MomentFisher(lengths, this.dtype)
        : new WindowFisher(this.window, size, this.dtype);
    this.#diagnostics = {
      momentNormSquared: Number.NaN,
      scale: 0,
      skipped: false,
      blocks: this.#fisher.blocks,
    };
  }

  /** Step size eta; may be set between steps. Finite and >= 0. */
  get learningRate(): number {
    return this.#settings.learningRate;
  }

  set learningRate(value: number) {
    this.#settings.learningRate = checkNonNegative("learningRate", value);
  }

  /** Decay rate of the first moment; may be set between steps. In [0, 1). */
  get beta(): number {
    return this.#settings.beta;
  }

  set beta(value: number) {
    this.#settings.beta = checkDecayRate("beta", value);
  }

  /** Regularization of the Fisher matrix; may be set between steps. Finite and > 0. */
  get rho(): number {
    return this.#settings.rho;
  }

  set rho(value: number) {
    this.#settings.rho = checkPositive("rho", value);
  }

  /** Decoupled weight decay; may be set between steps. Finite and >= 0. */
  get weightDecay(): number {
    return this.#weightDecay;
  }

  set weightDecay(value: number) {
    this.#weightDecay = checkNonNegative("weightDecay", value);
  }

  /** Steps taken, skipped ones not counted. */
  get steps(): number {
    return this.#steps;
  }

  /** Steps skipped because the gradient was not finite. */
  get skippedSteps(): number {
    return this.#skippedSteps;
  }

  /**
   * Takes one step: updates `weights` in place and leaves `gradient` as it is.
   *
   * A gradient with NaN or infinity changes neither weights nor moment; the step is reported as `skipped` and counted
   * in `skippedSteps`.
   *
   * @param weights The weights, a float array of the optimizer's size and dtype.
   * @param gradient Mean gradient of the minibatch at these weights, of the same size and dtype.
   * @returns What happened. The object is the same at every call: copy what must outlive the next step.
   * @throws InvalidArgumentError if an array is of another type or length.
   */
  step(weights: FloatArray, gradient: FloatArray): SofimDiagnostics {
    checkFloatArray("weights", weights, this.dtype, this.size);
    checkFloatArray("gradient", gradient, this.dtype, this.size);
    const settings = this.#settings;
    const { beta, learningRate } = settings;
    settings.momentWeight = beta * this.#momentWeight + (1 - beta);
    settings.keep = 1 - learningRate * this.#weightDecay;
    if (!this.#fisher.measure(gradient, settings)) return this.#skip();
    this.#fisher.apply(weights, gradient, settings);
    this.#momentWeight = settings.momentWeight;
    this.#steps++;
    return this.#report();
  }

  /** A copy of everything that the next steps depend on beside the options. */
  state(): SofimState {
    return {
      ...this.#fisher.state(),
      momentWeight: this.#momentWeight,
      steps: this.#steps,
      skippedSteps: this.#skippedSteps,
    };
  }

  /**
   * Takes up a saved state (copying it), after which steps continue to the last bit as they would have.
   *
   * @param state What `state()` returned on an optimizer of this size and dtype.
   * @throws InvalidArgumentError if it does not fit; the optimizer is then as it was.
   */
  restore(state: SofimState): void {
    const checked = checkState(state, this);
    this.#fisher.restore(checked);
    this.#momentWeight = checked.momentWeight;
    this.#steps = checked.steps;
    this.#skippedSteps = checked.skippedSteps;
  }

  #skip(): SofimDiagnostics {
    this.#fisher.clear();
    this.#skippedSteps++;
    const diagnostics = this.#diagnostics;
    diagnostics.momentNormSquared = Number.NaN;
    diagnostics.scale = 0;
    diagnostics.skipped = true;
    return diagnostics;
  }

  #report(): SofimDiagnostics {
    const diagnostics = this.#diagnostics;
    diagnostics.momentNormSquared = 0;
    diagnostics.scale = 0;
    diagnostics.skipped = false;
    for (const block of this.#fisher.blocks) {
      diagnostics.momentNormSquared += block.momentNormSquared;
      diagnostics.scale = Math.max(diagnostics.scale, block.scale);
    }
    return diagnostics;
  }
}
