import { type BlockDiagnostics, CHUNK, held, type StepSettings } from "./block.js";
import type { Fisher, FisherState } from "./fisher.js";
import { GradientWindow } from "./gradient-window.js";
import type { FloatArray, FloatType } from "./kernels/index.js";
import { type WindowKernels, windowKernelsOf } from "./kernels/window.js";
import { solvePositive } from "./positive-solve.js";

/**
 * F = U'U / n + rho I, U the n gradients in the window as rows. With Mh = (U'shares + tail) / d,
 *
 *     F^-1 Mh = U'z + tail / (d rho),      (U U' / n + rho I) z = (shares - U tail / (n rho)) / d
 *
 * as F^-1 U' = U' (U U' / n + rho I)^-1, and by Woodbury for the tail. Had Mh as a whole been given to Woodbury, the
 * difference of two vectors |g|^2 / rho times longer than the step would have been taken: Mh lies in the span of the
 * window but for the tail.
 */
export class WindowFisher implements Fisher {
  readonly blocks: readonly [BlockDiagnostics];
  readonly #diagnostics = { momentNormSquared: Number.NaN, scale: 0 };
  readonly #window: GradientWindow;
  readonly #kernels: WindowKernels;
  #largest = 0;
  /** z and what it is computed from. */
  readonly #multiples: Float64Array;
  readonly #system: Float64Array;
  readonly #units: Float64Array;
  readonly #step = new Float64Array(CHUNK);

  constructor(length: number, size: number, dtype: FloatType) {
    this.blocks = [this.#diagnostics];
    this.#window = new GradientWindow(length, size, dtype);
    this.#kernels = windowKernelsOf[dtype];
    this.#multiples = new Float64Array(length);
    this.#system = new Float64Array(length * length);
    this.#units = new Float64Array(length);
  }

  measure(gradient: FloatArray, { kernels }: StepSettings): boolean {
    this.#largest = kernels.maxAbs(gradient, gradient, 0, this.#window.size);
    return Number.isFinite(this.#largest);
  }

  clear(): void {
    this.#diagnostics.momentNormSquared = Number.NaN;
    this.#diagnostics.scale = 0;
  }

  apply(weights: FloatArray, gradient: FloatArray, settings: StepSettings): void {
    const window = this.#window;
    const { learningRate, rho, momentWeight } = settings;
    window.push(gradient, this.#largest, settings.beta);
    this.#solve(settings);
    const length = this.#descend(weights, settings);
    const normSquared = this.#momentNormSquared() / (momentWeight * momentWeight);
    this.#diagnostics.momentNormSquared = normSquared;
    this.#diagnostics.scale = learningRate * (normSquared > 0 ? length / Math.sqrt(normSquared) : 1 / rho);
  }

  state(): FisherState {
    return { moment: this.#window.tail.slice(), window: this.#window.state() };
  }

  restore({ moment, window }: FisherState): void {
    this.#window.restore(window!, moment);
  }

  /** z, with every unknown scaled so that the system has a unit diagonal and its numbers stay in range. */
  #solve({ rho, momentWeight }: StepSettings): void {
    const { filled: n, length, gram, scales, shares, tailProducts } = this.#window;
    const system = this.#system;
    const z = this.#multiples;
    const units = this.#units;
    for (let i = 0; i < n; i++) {
      const norm = Math.sqrt(gram[i * length + i]!) / scales[i]!;
      const unit = 1 / Math.hypot(norm / Math.sqrt(n), Math.sqrt(rho));
      units[i] = unit;
      const scaled = unit / scales[i]!;
      for (let j = 0; j < i; j++) {
        system[i * n + j] = (scaled * gram[i * length + j]! * (units[j]! / scales[j]!)) / n;
      }
      system[i * n + i] = 1;
      z[i] = (unit * shares[i]! - held((scaled * tailProducts[i]!) / n / rho)) / momentWeight;
    }
    solvePositive(system, z, n);
    for (let i = 0; i < n; i++) z[i] = held(z[i]! * units[i]!);
  }

  /** Takes the step and returns its length before the learning rate. */
  #descend(weights: FloatArray, { rho, momentWeight, keep, learningRate }: StepSettings): number {
    const { filled, size, gradients, tail } = this.#window;
    const forTail = held(1 / momentWeight / rho);
    const step = this.#step;
    let squares = 0;
    for (let i = 0; i < size; i += CHUNK) {
      const end = Math.min(i + CHUNK, size);
      step.fill(0);
      windowKernelsOf.float64.addScaled(step, tail, i, end, forTail);
      for (let j = 0; j < filled; j++) {
        this.#kernels.addScaled(step, gradients[j]!, i, end, this.#multiples[j]!);
      }
      this.#kernels.descend(weights, step, i, end, keep, learningRate);
      squares += windowKernelsOf.float64.innerProduct(step, step, 0, end - i, 1, 1);
    }
    return Math.sqrt(squares);
  }

  /** |M|^2 from the inner products at hand. */
  #momentNormSquared(): number {
    const { filled, length, size, gram, scales, shares, tailProducts, tail } = this.#window;
    let sum = 0;
    for (let i = 0; i < size; i += CHUNK) {
      sum += windowKernelsOf.float64.innerProduct(tail, tail, i, Math.min(i + CHUNK, size), 1, 1);
    }
    for (let i = 0; i < filled; i++) {
      const share = shares[i]! / scales[i]!;
      sum += 2 * share * tailProducts[i]!;
      for (let j = 0; j < filled; j++) sum += share * (shares[j]! / scales[j]!) * gram[i * length + j]!;
    }
    return Math.max(sum, 0);
  }
}
