/**
 * The updates of SGD with momentum and of Adam on plain arrays: what SOFIM's own update is measured against.
 * No options, no checks.
 *
 * SGD stands here twice: as the loop that one writes, and taking four elements at a time with all loads
 * before the stores, as `sofim/core` does, which V8 runs up to twice as fast. Adam only in the faster form.
 */

const learningRate = 0.01;
const momentum = 0.9;

/** m <- momentum m + g, w <- w - lr m. */
export class PlainSgd {
  readonly #moment: Float32Array;

  constructor(size: number) {
    this.#moment = new Float32Array(size);
  }

  get stateBytes(): number {
    return this.#moment.byteLength;
  }

  step(weights: Float32Array, gradient: Float32Array): void {
    const moment = this.#moment;
    for (let i = 0; i < moment.length; i++) {
      const m = momentum * moment[i]! + gradient[i]!;
      moment[i] = m;
      weights[i] = weights[i]! - learningRate * m;
    }
  }
}

/** The same, four elements at a time. */
export class UnrolledSgd {
  readonly #moment: Float32Array;

  constructor(size: number) {
    this.#moment = new Float32Array(size);
  }

  get stateBytes(): number {
    return this.#moment.byteLength;
  }

  step(weights: Float32Array, gradient: Float32Array): void {
    const moment = this.#moment;
    const end4 = moment.length - (moment.length % 4);
    let i = 0;
    for (; i < end4; i += 4) {
      const m0 = momentum * moment[i]! + gradient[i]!;
      const m1 = momentum * moment[i + 1]! + gradient[i + 1]!;
      const m2 = momentum * moment[i + 2]! + gradient[i + 2]!;
      const m3 = momentum * moment[i + 3]! + gradient[i + 3]!;
      const w0 = weights[i]! - learningRate * m0;
      const w1 = weights[i + 1]! - learningRate * m1;
      const w2 = weights[i + 2]! - learningRate * m2;
      const w3 = weights[i + 3]! - learningRate * m3;
      moment[i] = m0;
      moment[i + 1] = m1;
      moment[i + 2] = m2;
      moment[i + 3] = m3;
      weights[i] = w0;
      weights[i + 1] = w1;
      weights[i + 2] = w2;
      weights[i + 3] = w3;
    }
    for (; i < moment.length; i++) {
      const m = momentum * moment[i]! + gradient[i]!;
      moment[i] = m;
      weights[i] = weights[i]! - learningRate * m;
    }
  }
}

const adamLearningRate = 0.001;
const b1 = 0.9;
const b2 = 0.999;
const eps = 1e-8;

/** m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, w <- w - lr mh / (sqrt(vh) + eps). */
export class UnrolledAdam {
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  #count = 0;

  constructor(size: number) {
    this.#first = new Float32Array(size);
    this.#second = new Float32Array(size);
  }

  /** Two buffers and the step count. */
  get stateBytes(): number {
    return this.#first.byteLength + this.#second.byteLength + Float64Array.BYTES_PER_ELEMENT;
  }

  step(weights: Float32Array, gradient: Float32Array): void {
    this.#count++;
    const scale = adamLearningRate / (1 - b1 ** this.#count);
    const correction = 1 / Math.sqrt(1 - b2 ** this.#count);
    adamLoop(weights, gradient, this.#first, this.#second, scale, correction);
  }
}

function adamLoop(
  weights: Float32Array,
  gradient: Float32Array,
  first: Float32Array,
  second: Float32Array,
  scale: number,
  correction: number,
): void {
  const end4 = first.length - (first.length % 4);
  let i = 0;
  for (; i < end4; i += 4) {
    const g0 = gradient[i]!;
    const g1 = gradient[i + 1]!;
    const g2 = gradient[i + 2]!;
    const g3 = gradient[i + 3]!;
    const m0 = b1 * first[i]! + (1 - b1) * g0;
    const m1 = b1 * first[i + 1]! + (1 - b1) * g1;
    const m2 = b1 * first[i + 2]! + (1 - b1) * g2;
    const m3 = b1 * first[i + 3]! + (1 - b1) * g3;
    const v0 = b2 * second[i]! + (1 - b2) * g0 * g0;
    const v1 = b2 * second[i + 1]! + (1 - b2) * g1 * g1;
    const v2 = b2 * second[i + 2]! + (1 - b2) * g2 * g2;
    const v3 = b2 * second[i + 3]! + (1 - b2) * g3 * g3;
    const w0 = weights[i]! - (scale * m0) / (Math.sqrt(v0) * correction + eps);
    const w1 = weights[i + 1]! - (scale * m1) / (Math.sqrt(v1) * correction + eps);
    const w2 = weights[i + 2]! - (scale * m2) / (Math.sqrt(v2) * correction + eps);
    const w3 = weights[i + 3]! - (scale * m3) / (Math.sqrt(v3) * correction + eps);
    first[i] = m0;
    first[i + 1] = m1;
    first[i + 2] = m2;
    first[i + 3] = m3;
    second[i] = v0;
    second[i + 1] = v1;
    second[i + 2] = v2;
    second[i + 3] = v3;
    weights[i] = w0;
    weights[i + 1] = w1;
    weights[i + 2] = w2;
    weights[i + 3] = w3;
  }
  for (; i < first.length; i++) {
    const g = gradient[i]!;
    const m = b1 * first[i]! + (1 - b1) * g;
    const v = b2 * second[i]! + (1 - b2) * g * g;
    first[i] = m;
    second[i] = v;
    weights[i] = weights[i]! - (scale * m) / (Math.sqrt(v) * correction + eps);
  }
}
