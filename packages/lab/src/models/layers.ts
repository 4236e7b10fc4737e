import { lax, numpy as np } from "@jax-js/jax";
import type { LayerParams, UniformSource } from "./model.js";

/** Parameters of a dense layer: weight `[inputs, outputs]`, bias `[outputs]`. */
export function initDense(random: UniformSource, inputs: number, outputs: number): LayerParams {
  return {
    weight: drawUniform(random, [inputs, outputs], inputs),
    bias: drawUniform(random, [outputs], inputs),
  };
}

/** Parameters of a convolution: weight `[outputs, inputs, kernel, kernel]`, bias `[outputs]`. */
export function initConv(
  random: UniformSource,
  inputs: number,
  outputs: number,
  kernel: number,
): LayerParams {
  return {
    weight: initKernels(random, inputs, outputs, kernel),
    bias: drawUniform(random, [outputs], inputs * kernel * kernel),
  };
}

/** Weights of a convolution, `[outputs, inputs, kernel, kernel]`. */
export function initKernels(
  random: UniformSource,
  inputs: number,
  outputs: number,
  kernel: number,
): np.Array {
  return drawUniform(random, [outputs, inputs, kernel, kernel], inputs * kernel * kernel);
}

/** `x weight + bias` for `x` of shape `[batch, inputs]`. */
export function dense({ weight, bias }: LayerParams, x: np.Array): np.Array {
  return np.dot(x, weight).add(bias);
}

/** Convolution with stride 1 and `padding` zeros on every side, plus one bias per output channel. */
export function conv({ weight, bias }: LayerParams, x: np.Array, padding: number): np.Array {
  return convWithoutBias(weight, x, padding).add(perChannel(bias));
}

export function convWithoutBias(weight: np.Array, x: np.Array, padding: number): np.Array {
  const pads: [number, number] = [padding, padding];
  return lax.convGeneralDilated(x, weight, [1, 1], [pads, pads]);
}

/** Maximum over non-overlapping 2x2 windows of `x`, shape `[batch, channels, height, width]`. */
export function maxPool(x: np.Array): np.Array {
  return lax.reduceWindow(x, (window) => np.max(window), [2, 2], [2, 2]);
}

/** Maximum over each channel of `x`: `[batch, channels, height, width]` to `[batch, channels]`. */
export function globalMaxPool(x: np.Array): np.Array {
  return np.max(x, [2, 3]);
}

/** `[batch, ...]` to `[batch, features]`. */
export function flatten(x: np.Array): np.Array {
  return x.reshape([x.shape[0]!, -1]);
}

/** `[channels]` to a shape that broadcasts over `[batch, channels, height, width]`. */
export function perChannel(values: np.Array): np.Array {
  return values.reshape([1, -1, 1, 1]);
}

/** U(-1/sqrt(fanIn), 1/sqrt(fanIn)): Kaiming uniform with a = sqrt(5), in other words. */
function drawUniform(random: UniformSource, shape: number[], fanIn: number): np.Array {
  const bound = 1 / Math.sqrt(fanIn);
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = Float32Array.from({ length: size }, () => random.uniform(-bound, bound));
  return np.array(values, { shape, dtype: np.float32 });
}
