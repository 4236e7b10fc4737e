import { CHUNK, powerOfTwoNear } from "./block.js";
import type { FloatArray, FloatType } from "./kernels/index.js";
import { type WindowKernels, windowKernelsOf } from "./kernels/window.js";
import type { WindowState } from "./state.js";

/**
 * The last gradients, and the first moment taken apart by them: M = sum_j share_j g_j + tail, where the tail is what
 * older gradients left in it. Newest first; memory is a buffer for each gradient and a float64 one for the tail.
 *
 * Inner products are of gradients times powers of two that bring their largest element near 1, so that none leaves the
 * range of float64.
 */
export class GradientWindow {
  readonly gradients: FloatArray[];
  readonly tail: Float64Array;
  /** Power of two that each gradient is multiplied by in its inner products. */
  readonly scales: Float64Array;
  /** Inner products of the scaled gradients with each other. */
  readonly gram: Float64Array;
  /** Inner products of the scaled gradients with the tail. */
  readonly tailProducts: Float64Array;
  readonly shares: Float64Array;
  /** Gradients in the window. */
  filled = 0;

  readonly #kernels: WindowKernels;

  constructor(
    readonly length: number,
    readonly size: number,
    dtype: FloatType,
    kernels: WindowKernels = windowKernelsOf[dtype],
  ) {
    const Floats = dtype === "float32" ? Float32Array : Float64Array;
    this.gradients = Array.from({ length }, () => new Floats(size));
    this.tail = new Float64Array(size);
    this.scales = new Float64Array(length).fill(1);
    this.gram = new Float64Array(length * length);
    this.tailProducts = new Float64Array(length);
    this.shares = new Float64Array(length);
    this.#kernels = kernels;
  }

  /**
   * Takes in a copy of a gradient, and moves the oldest of a full window into the tail. Of the inner products k + 1 are
   * new, those of the gradient with the window and with the tail; the others follow from what is known.
   *
   * @param largest Largest absolute value of its elements.
   * @param beta Decay rate of the moment.
   */
  push(gradient: FloatArray, largest: number, beta: number): void {
    if (this.filled === this.length) this.#drop(beta);
    else this.filled++;
    const newest = this.gradients.pop()!;
    newest.set(gradient);
    this.gradients.unshift(newest);
    this.#age(beta);
    this.shares[0] = 1 - beta;
    this.scales[0] = largest === 0 ? 1 : powerOfTwoNear(1 / largest);
    this.#multiply();
  }

  /** A copy. */
  state(): WindowState {
    const { filled, gradients, scales, gram, tailProducts, shares } = this;
    return {
      filled,
      gradients: gradients.map((x) => x.slice()),
      scales: scales.slice(),
      gram: gram.slice(),
      tailProducts: tailProducts.slice(),
      shares: shares.slice(),
    };
  }

  /** Takes up a state that was checked, copying it. */
  restore(state: WindowState, tail: FloatArray): void {
    this.filled = state.filled;
    this.tail.set(tail);
    state.gradients.forEach((x, j) => void this.gradients[j]!.set(x));
    for (const name of ["scales", "gram", "tailProducts", "shares"] as const) this[name].set(state[name]);
  }

  #drop(beta: number): void {
    const { length, gradients, scales, gram, tailProducts, tail } = this;
    const last = length - 1;
    const share = this.shares[last]!;
    for (let j = 0; j < last; j++) {
      tailProducts[j] = beta * (tailProducts[j]! + (share * gram[j * length + last]!) / scales[last]!);
    }
    for (let i = 0; i < this.size; i += CHUNK) {
      this.#kernels.decayInto(tail, gradients[last]!, i, Math.min(i + CHUNK, this.size), beta, share);
    }
  }

  /** Makes room for a new gradient's numbers in front of the others'. */
  #age(beta: number): void {
    const { length, scales, gram, tailProducts, shares } = this;
    for (let j = length - 1; j > 0; j--) shares[j] = beta * shares[j - 1]!;
    scales.copyWithin(1, 0);
    tailProducts.copyWithin(1, 0);
    gram.copyWithin(length + 1, 0);
  }

  /** The newest gradient's inner products, by pieces that stay in the cache. */
  #multiply(): void {
    const { length, filled, gradients, scales, gram, tailProducts, tail, size } = this;
    const newest = gradients[0]!;
    const scale = scales[0]!;
    gram.fill(0, 0, length);
    tailProducts[0] = 0;
    for (let i = 0; i < size; i += CHUNK) {
      const end = Math.min(i + CHUNK, size);
      for (let j = 0; j < filled; j++) {
        gram[j]! += this.#kernels.innerProduct(newest, gradients[j]!, i, end, scale, scales[j]!);
      }
      tailProducts[0]! += this.#kernels.innerProductWide(newest, tail, i, end, scale);
    }
    for (let j = 1; j < length; j++) gram[j * length] = gram[j]!;
  }
}
