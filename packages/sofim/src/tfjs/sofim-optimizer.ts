import {
  dispose,
  type NamedTensorMap,
  Optimizer,
  type Scalar,
  scalar,
  serialization,
  type Tensor,
  tidy,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";
import { InvalidArgumentError, SofimError } from "../core/errors.js";
import { checkInteger, checkNonNegative } from "../core/options.js";
import { DeviceGuard } from "./guard.js";
import { readsAtOnce } from "./host-products.js";
import { MomentSlots } from "./moment-slots.js";
import { listGradients, type NamedTensor } from "./named-tensors.js";
import { type CheckedOptions, checkOptions, type SofimOptimizerOptions } from "./options.js";
import { blocksOf, momentCount, type Slot, type StepSettings } from "./step.js";
import * as device from "./step-on-device.js";
import * as host from "./step-on-host.js";

/**
 * The SOFIM optimizer for TensorFlow.js: natural-gradient descent with a rank-one regularized Fisher matrix.
 *
 * With mean gradient g, weights w, learning rate eta and weight decay lambda, one step is
 *
 *     M <- beta M + (1 - beta) g,      Mh = M / (1 - beta^t),      F = Mh Mh' + rho I
 *     w <- (1 - eta lambda) w - eta F^-1 Mh,      F^-1 Mh = Mh / (rho + |Mh|^2)
 *
 * |Mh| is over all variables of the step together (see `blocks` for others). A variable without a gradient keeps its
 * value and its moment and does not count. rho is in squared gradient units: another scale of the loss calls for another
 * rho. The length of a step is at most eta / (2 sqrt(rho)).
 *
 * Memory: one tensor per variable. Time: on the cpu and wasm backends that of `tf.train.momentum` and one more pass that
 * reads the moments; on others three more passes, and no step waits for the device.
 *
 * Saving a model with its optimizer (`model.save(url, { includeOptimizer: true })`) keeps step count and moments. They
 * are found again by the names of the variables, so layers that come, go or move between saving and loading do no harm.
 *
 * @param options See `SofimOptimizerOptions`.
 * @throws InvalidArgumentError for an option that is unknown or out of range.
 *
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as tf from "@tensorflow/tfjs-core";
 * import "@tensorflow/tfjs-layers"; // brings the gradients of all operations
 * import { SofimOptimizer } from "sofim/tfjs";
 *
 * const w = tf.variable(tf.tensor1d([0, 0]));
 * const optimizer = new SofimOptimizer({ learningRate: 0.2, rho: 1 });
 * for (let i = 0; i < 300; i++) optimizer.minimize(() => tf.sum(tf.square(tf.sub(w, [3, -1]))), false, [w]);
 * const [x = 0, y = 0] = await w.data();
 * if (Math.hypot(x - 3, y + 1) > 1e-3) throw new Error("did not converge");
 * ```
 *
 * Source: Sen, Qin, C, N, Chen, Raman, "SOFIM: Stochastic Optimization Using Regularized Fisher Information Matrix",
 * arXiv 2403.02833 (2024).
 */
export class SofimOptimizer extends Optimizer {
  /** Name under which TensorFlow.js saves and finds the class; a getter, as a static field would hinder tree shaking. */
  static get className(): string {
    return "Sofim";
  }

  readonly #options: CheckedOptions;
  readonly #slots = new MomentSlots();
  #learningRate: number;
  /** Skipped steps, those that `#guard` counts left out. */
  #skipped = 0;
  #guard: DeviceGuard | undefined;
  /** What `getWeights` hands out. Kept, since those who save dispose of nothing. */
  #saved: { readonly iterations: Variable; readonly skipped: Variable } | undefined;

  constructor(options: SofimOptimizerOptions = {}) {
    super();
    this.#options = checkOptions(options);
    this.#learningRate = this.#options.learningRate;
  }

  /** Step size eta; may be set between steps. Finite and >= 0. */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = checkNonNegative("learningRate", value);
  }

  /** Steps left out because the gradient was not finite; always 0 without `skipNonFinite`. */
  async skippedSteps(): Promise<number> {
    const onDevice = await this.#guard?.skipped.data();
    return this.#skipped + (onDevice?.[0] ?? 0);
  }

  /**
   * Takes one step; none, and counts none, where no variable has a gradient.
   *
   * @param variableGradients Mean gradient of the minibatch: a map from variable name to tensor or a list of both. They
   *   stay the caller's.
   * @throws InvalidArgumentError if a name belongs to no variable or a gradient does not have its variable's shape;
   *   SofimError if moments were loaded that belong to none of the variables.
   */
  override applyGradients(variableGradients: NamedTensorMap | NamedTensor[]): void {
    const gradients = listGradients(variableGradients);
    // A step counted here would age the bias correction of moments that have not moved.
    if (gradients.length === 0) return;
    tidy(() => {
      const slots = this.#slots.withMoments(gradients);
      this.#counters();
      this.incrementIterations();
      if (readsAtOnce()) this.#stepOnHost(slots);
      else this.#stepOnDevice(slots);
    });
  }

  /** Step count, count of skipped steps and moments, which stay the optimizer's own. */
  override async getWeights(): Promise<NamedTensor[]> {
    const skipped = await this.skippedSteps();
    const counters = this.#counters();
    tidy(() => {
      counters.iterations.assign(scalar(this.iterations, "int32"));
      counters.skipped.assign(scalar(skipped, "int32"));
    });
    return [
      { name: "iter", tensor: counters.iterations },
      { name: "sofim/skipped", tensor: counters.skipped },
      ...this.#slots.save(),
    ];
  }

  /**
   * Takes up what `getWeights` returned, copying it; the steps then go on as they would have. Which moment belongs to
   * which variable is settled, by name, when the variable has its first gradient.
   *
   * @throws InvalidArgumentError if it is something else; the optimizer is then as it was.
   */
  override async setWeights(weightValues: NamedTensor[]): Promise<void> {
    const [first, second, ...moments] = weightValues;
    if (first === undefined || second === undefined || second.name !== "sofim/skipped") {
      const received = weightValues.map(({ name }) => name).join(", ");
      throw new InvalidArgumentError(
        "weightValues",
        received,
        "what getWeights() of a SofimOptimizer returned",
      );
    }
    const iterations = checkInteger("iter", (await first.tensor.data())[0], 0);
    const skipped = checkInteger("sofim/skipped", (await second.tensor.data())[0], 0);
    this.#slots.load(moments);
    this.iterations_ = iterations;
    this.#skipped = skipped;
    this.#dropGuard();
  }

  /** Options as JSON. @throws SofimError if `blocks` is a function, which cannot be saved. */
  override getConfig(): serialization.ConfigDict {
    const { blocks, ...others } = this.#options;
    if (typeof blocks === "function") {
      throw new SofimError(
        'blocks: a function cannot be saved; use "global" or "tensor", or save the model alone',
      );
    }
    return { ...others, blocks, learningRate: this.#learningRate };
  }

  /** Makes an optimizer of what `getConfig` returned; other entries, such as those that Layers adds, are left out. */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const { customObjects: _, ...options } = config;
    return new cls(options);
  }

  /** Frees every tensor of the optimizer and forgets all steps. */
  override dispose(): void {
    this.#slots.dispose();
    this.#dropGuard();
    if (this.#saved !== undefined) dispose([this.#saved.iterations, this.#saved.skipped]);
    this.#saved = undefined;
    this.#skipped = 0;
    this.iterations_ = 0;
  }

  #stepOnHost(slots: readonly Slot[]): void {
    const { clipByGlobalNorm, skipNonFinite, beta } = this.#options;
    if (this.#guard !== undefined) this.#countGuard(this.#guard);
    let gradients: readonly Tensor[] = slots.map(({ gradient }) => gradient);
    if (skipNonFinite && !host.areFinite(gradients)) {
      this.#skipped++;
      return;
    }
    if (clipByGlobalNorm !== null) gradients = host.clip(gradients, clipByGlobalNorm);
    const count = momentCount(beta, this.iterations - this.#skipped);
    for (const block of blocksOf(slots, gradients, this.#options.blocks))
      host.stepOnHost(block, this.#settings(), count);
  }

  #stepOnDevice(slots: readonly Slot[]): void {
    const { clipByGlobalNorm, skipNonFinite, beta } = this.#options;
    let gradients: readonly Tensor[] = slots.map(({ gradient }) => gradient);
    let count: Scalar | number = momentCount(beta, this.iterations - this.#skipped);
    let ok: Scalar | number = 1;
    if (skipNonFinite) {
      this.#guard ??= new DeviceGuard(beta, this.iterations - 1 - this.#skipped);
      ok = device.finiteness(gradients);
      gradients = device.keepIf(ok, gradients);
      count = this.#guard.advance(ok);
    }
    if (clipByGlobalNorm !== null) gradients = device.clip(gradients, clipByGlobalNorm);
    for (const block of blocksOf(slots, gradients, this.#options.blocks))
      device.stepOnDevice(block, this.#settings(), count, ok);
  }

  #settings(): StepSettings {
    return { ...this.#options, learningRate: this.#learningRate };
  }

  #counters() {
    this.#saved ??= tidy(() => ({
      iterations: variable(scalar(0, "int32"), false),
      skipped: variable(scalar(0, "int32"), false),
    }));
    return this.#saved;
  }

  /** Takes over what was counted on another backend, when the backend was changed between steps. */
  #countGuard(guard: DeviceGuard): void {
    this.#skipped += guard.skipped.dataSync()[0] ?? 0;
    this.#dropGuard();
  }

  #dropGuard(): void {
    this.#guard?.dispose();
    this.#guard = undefined;
  }
}

/** Makes a `SofimOptimizer`, in the manner of `tf.train.adam(...)`: options and errors are those of the class. */
export function sofim(options: SofimOptimizerOptions = {}): SofimOptimizer {
  return new SofimOptimizer(options);
}

// Loading a saved model finds the class by its name. Here and not in the constructor, as the class is needed before
// there is an object of it; package.json lists this file under "sideEffects", so that bundlers keep the line.
serialization.registerClass(SofimOptimizer);
