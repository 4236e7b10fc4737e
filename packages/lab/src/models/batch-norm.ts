import { numpy as np, tree } from "@jax-js/jax";
import { perChannel } from "./layers.js";
import type { ChannelStatistics, NormalizedParams, Statistics } from "./model.js";

const epsilon = 1e-5;
const momentum = 0.1;
const imagesAndPixels = [0, 2, 3];

type Affine = Pick<NormalizedParams, "scale" | "bias">;

/**
 * Normalizes each channel by the statistics of the batch.
 *
 *     mean = E[x],   var = E[(x - mean)^2],   y = scale (x - mean) / sqrt(var + 1e-5) + bias
 *
 * with the expectation over images and pixels, n = batch * height * width values.
 *
 * @param affine - scale and bias, both `[channels]`; consumed
 * @param x - `[batch, channels, height, width]`; consumed
 * @returns y, and what moves the running statistics: mean and the unbiased variance, var n / (n - 1), as in PyTorch
 *
 * Source: Ioffe and Szegedy, Batch normalization: accelerating deep network training by reducing internal covariate
 * shift, ICML 2015, algorithm 1.
 */
export function normalizeByBatch(affine: Affine, x: np.Array): [np.Array, ChannelStatistics] {
  const n = imagesAndPixels.reduce((product, axis) => product * x.shape[axis]!, 1);
  const mean = np.mean(x.ref, imagesAndPixels);
  // The mean of squares less the square of the mean would be one pass, and cancel where the mean is large.
  const centered = x.sub(perChannel(mean.ref));
  const variance = np.mean(np.square(centered.ref), imagesAndPixels);
  const y = scaleCentered(affine, centered, variance.ref);
  return [y, { mean, variance: variance.mul(n / (n - 1)) }];
}

/** Normalizes each channel by running statistics. Consumes its arguments. */
export function normalizeByRunning(affine: Affine, running: ChannelStatistics, x: np.Array): np.Array {
  return scaleCentered(affine, x.sub(perChannel(running.mean)), running.variance);
}

/** The statistics of a layer that has seen no batch. */
export function initChannelStatistics(channels: number): ChannelStatistics {
  return {
    mean: np.zeros([channels], { dtype: np.float32 }),
    variance: np.ones([channels], { dtype: np.float32 }),
  };
}

/** Moves running statistics a tenth of the way to those measured on a batch. Consumes both. */
export function moveStatistics(running: Statistics, measured: Statistics): Statistics {
  const move = (from: np.Array, to: np.Array) => from.mul(1 - momentum).add(to.mul(momentum));
  return tree.map(move, running, measured);
}

function scaleCentered({ scale, bias }: Affine, centered: np.Array, variance: np.Array): np.Array {
  const factor = scale.div(np.sqrt(variance.add(epsilon)));
  return centered.mul(perChannel(factor)).add(perChannel(bias));
}
