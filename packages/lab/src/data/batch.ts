import { InvalidArgumentError } from "sofim/core";
import type { ImageSet } from "./dataset.js";

/** Per-channel normalization, in units of a pixel's full range (a byte of 255 is 1.0). */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Gathers and normalizes the images and labels at some indices, into buffers that the caller keeps.
 *
 *     images[b, c, y, x] = (set.images[indices[b], c, y, x] / 255 - mean[c]) / std[c]
 *
 * @param set - where from
 * @param indices - [batch], each below `set.count`
 * @param normalization - mean and standard deviation per channel
 * @param images - receives [batch, channels, height, width]
 * @param labels - receives [batch]
 * @throws InvalidArgumentError if a length does not fit or an index is out of range
 * @example
 * ```ts
 * import { gatherBatch, loadDataset } from "@sofim/lab";
 * const { train } = await loadDataset("glyphs");
 * const images = new Float32Array(2 * 28 * 28);
 * const labels = new Int32Array(2);
 * gatherBatch(train, Uint32Array.of(0, 1), { mean: [0], std: [1] }, images, labels);
 * if (Math.max(...images) > 1) throw new Error("a pixel is at most 1");
 * ```
 */
export function gatherBatch(
  set: ImageSet,
  indices: Uint32Array,
  normalization: Normalization,
  images: Float32Array,
  labels: Int32Array,
): void {
  const { channels, images: pixels } = set;
  const plane = set.height * set.width;
  const size = channels * plane;
  checkBatch(set, indices, normalization, images, labels);
  for (let b = 0; b < indices.length; b++) {
    const index = indices[b]!;
    labels[b] = set.labels[index]!;
    for (let c = 0; c < channels; c++) {
      const std = normalization.std[c]!;
      const scale = 1 / (255 * std);
      const shift = -normalization.mean[c]! / std;
      const from = index * size + c * plane;
      const to = b * size + c * plane;
      for (let i = 0; i < plane; i++) images[to + i] = pixels[from + i]! * scale + shift;
    }
  }
}

function checkBatch(
  set: ImageSet,
  indices: Uint32Array,
  { mean, std }: Normalization,
  images: Float32Array,
  labels: Int32Array,
): void {
  const want = (name: string, got: number, wanted: number): void => {
    if (got !== wanted) throw new InvalidArgumentError(`${name}.length`, got, String(wanted));
  };
  want("mean", mean.length, set.channels);
  want("std", std.length, set.channels);
  const unusable = std.find((deviation) => !(deviation > 0));
  if (unusable !== undefined) throw new InvalidArgumentError("std", unusable, "positive numbers");
  want("images", images.length, indices.length * set.channels * set.height * set.width);
  want("labels", labels.length, indices.length);
  for (const index of indices) {
    if (index >= set.count) {
      throw new InvalidArgumentError("indices", index, `integers below ${set.count}`);
    }
  }
}
