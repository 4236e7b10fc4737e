import type { ImageDataset, ImageSet } from "../../src/data/dataset.js";
import { Random } from "../../src/data/random.js";

/** A few noisy 28x28 images: class c has a bright row 2c + 4. Learnable, quick, and different for every index. */
export function tinyDataset(trainCount: number, testCount: number): ImageDataset {
  const random = new Random(99);
  const classNames = Array.from({ length: 10 }, (_, c) => String(c));
  return {
    name: "glyphs",
    classNames,
    train: tinySet(trainCount, random),
    test: tinySet(testCount, random),
  };
}

function tinySet(count: number, random: Random): ImageSet {
  const labels = Uint8Array.from({ length: count }, () => random.below(10));
  const images = Uint8Array.from({ length: count * 784 }, () => random.below(100));
  for (let i = 0; i < count; i++) {
    const start = i * 784 + (2 * labels[i]! + 4) * 28;
    images.fill(255, start, start + 28);
  }
  return { count, channels: 1, height: 28, width: 28, images, labels };
}
