import { InvalidArgumentError } from "sofim/core";
import type { ImageSet } from "./dataset.js";
import type { Random } from "./random.js";

/** How training images are varied, each time that they are drawn. */
export interface Augmentation {
  /** Black pixels put around an image before one of its own size is cropped out of it, anywhere alike; 0 for none. */
  readonly padding: number;
  /** Whether every other image, by chance, is mirrored left to right. */
  readonly flip: boolean;
}

/**
 * The images at some indices, each cropped and mirrored at random.
 *
 * The image padded by p is `[height + 2 p, width + 2 p]`; the crop starts at a row and a column that are each uniform
 * over 0 to 2 p, and is mirrored with probability 1/2. Three draws for every image, in the order of the indices,
 * whatever comes of them.
 *
 * @param set - where from
 * @param indices - `[batch]`, each below `set.count`
 * @param augmentation - what to vary
 * @param random - what by; moves on
 * @returns the batch's images and labels, in buffers of their own
 * @throws InvalidArgumentError if the padding is no integer from 0 to the lesser of height and width
 * @example
 * ```ts
 * import { augmentImages, loadDataset, Random } from "@sofim/lab";
 * const { train } = await loadDataset("glyphs");
 * const batch = augmentImages(train, Uint32Array.of(5, 7), { padding: 4, flip: false }, new Random(1));
 * if (batch.count !== 2 || batch.labels[1] !== train.labels[7]) throw new Error("labels go with their images");
 * ```
 *
 * Source: He, Zhang, Ren, Sun, Deep residual learning for image recognition, CVPR 2016, section 4.2.
 */
export function augmentImages(
  set: ImageSet,
  indices: Uint32Array,
  augmentation: Augmentation,
  random: Random,
): ImageSet {
  const { padding, flip } = augmentation;
  const { channels, height, width } = set;
  if (!Number.isSafeInteger(padding) || padding < 0 || padding > Math.min(height, width)) {
    throw new InvalidArgumentError("padding", padding, `an integer from 0 to ${Math.min(height, width)}`);
  }
  const size = channels * height * width;
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  indices.forEach((index, position) => {
    const down = random.below(2 * padding + 1) - padding;
    const right = random.below(2 * padding + 1) - padding;
    const mirrored = random.below(2) === 1 && flip;
    const from = set.images.subarray(index * size, (index + 1) * size);
    copyShifted(from, images.subarray(position * size, (position + 1) * size), set, down, right, mirrored);
    labels[position] = set.labels[index]!;
  });
  return { count: indices.length, channels, height, width, images, labels };
}

/** Fills the black image `to` with what `from` has `down` rows below and `right` columns to the right. */
function copyShifted(
  from: Uint8Array,
  to: Uint8Array,
  { channels, height, width }: ImageSet,
  down: number,
  right: number,
  mirrored: boolean,
): void {
  const firstRow = Math.max(0, -down);
  const lastRow = Math.min(height, height - down);
  const firstColumn = Math.max(0, -right);
  const lastColumn = Math.min(width, width - right);
  for (let c = 0; c < channels; c++) {
    for (let y = firstRow; y < lastRow; y++) {
      const source = (c * height + y + down) * width + right;
      const row = (c * height + y) * width;
      if (mirrored) {
        for (let x = firstColumn; x < lastColumn; x++) to[row + width - 1 - x] = from[source + x]!;
      } else {
        to.set(from.subarray(source + firstColumn, source + lastColumn), row + firstColumn);
      }
    }
  }
}
