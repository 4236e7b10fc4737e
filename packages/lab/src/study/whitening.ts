import { numpy as np } from "@jax-js/jax";
import { engineArray, jit } from "sofim/ort";
import { type DeviceImages, indexRange } from "./device-images.js";

/** Images per call of the engine, at most. */
const CHUNK = 10_000;

/**
 * The change of variables w = R^-T u, with R R' = S / classes + l2 I and S the second moments of the features. Softmax
 * regression with all classes alike has the Hessian S / classes + l2 I in w, once for every class but one, and so the
 * identity in u: what L-BFGS takes thousands of iterations for in w it does in hundreds in u. Value and minimum are the
 * same.
 */
export class Whitening {
  readonly #size: number;
  readonly #classes: number;
  /** R, lower triangular, by rows. */
  readonly #factor: Float64Array;

  /** @param moments S, [size, size] by rows. */
  constructor(moments: Float64Array, classes: number, l2: number) {
    this.#size = Math.sqrt(moments.length);
    this.#classes = classes;
    this.#factor = choleskyFactor(
      moments.map((s, i) => s / classes + (i % (this.#size + 1) === 0 ? l2 : 0)),
      this.#size,
    );
  }

  /** w = R^-T u. Vectors are [size, classes] by rows. */
  toWeights(u: Float64Array): Float64Array {
    const w = Float64Array.from(u);
    for (let i = this.#size - 1; i >= 0; i--) {
      this.#divideRow(w, i);
      for (let j = 0; j < i; j++) this.#subtractRow(w, j, i, this.#factor[i * this.#size + j]!);
    }
    return w;
  }

  /** The gradient by u from that by w: R^-1 g. */
  toGradient(g: Float64Array): Float64Array {
    const v = Float64Array.from(g);
    for (let i = 0; i < this.#size; i++) {
      for (let j = 0; j < i; j++) this.#subtractRow(v, i, j, this.#factor[i * this.#size + j]!);
      this.#divideRow(v, i);
    }
    return v;
  }

  #divideRow(x: Float64Array, row: number): void {
    const pivot = this.#factor[row * this.#size + row]!;
    for (let c = 0; c < this.#classes; c++) x[row * this.#classes + c]! /= pivot;
  }

  /** x[row] <- x[row] - factor x[other] */
  #subtractRow(x: Float64Array, row: number, other: number, factor: number): void {
    for (let c = 0; c < this.#classes; c++)
      x[row * this.#classes + c]! -= factor * x[other * this.#classes + c]!;
  }
}

/** The second moments of all pixels and of a 1 beside them, which stands for the bias: [pixels + 1, pixels + 1]. */
export async function secondMoments(set: DeviceImages, threads?: number): Promise<Float64Array> {
  const ofChunk = jit(
    (images: np.Array, indices: np.Array): np.Array => {
      const count = indices.shape[0]!;
      const chunk = np.take(images, indices, 0).reshape([count, -1]).astype(np.float64);
      const features = np.concatenate([chunk, np.ones([count, 1], { dtype: np.float64 })], 1);
      return np.matmul(features.ref.transpose(), features);
    },
    { device: "cpu", ...(threads === undefined ? {} : { threads }) },
  );
  let moments: Float64Array | undefined;
  for (let from = 0; from < set.count; from += CHUNK) {
    const at = Int32Array.from(indexRange(from, Math.min(from + CHUNK, set.count)));
    const sums = (await ofChunk(set.images, engineArray(at))).dataSync();
    moments ??= new Float64Array(sums.length);
    for (const [i, sum] of sums.entries()) moments[i]! += sum / set.count;
  }
  await ofChunk.dispose();
  if (moments === undefined) throw new RangeError("set: got no images, want at least one");
  return moments;
}

/** R with R R' = a, for a symmetric positive definite matrix by rows. */
function choleskyFactor(a: Float64Array, size: number): Float64Array {
  const r = new Float64Array(a.length);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i * size + j]!;
      for (let k = 0; k < j; k++) rest -= r[i * size + k]! * r[j * size + k]!;
      r[i * size + j] = i === j ? Math.sqrt(rest) : rest / r[j * size + j]!;
    }
  }
  return r;
}
