import { describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";
import { type Batch, evaluationBatches, stepsPerEpoch, trainBatches } from "../../src/train/batches.js";
import { tinyDataset } from "./tiny-dataset.js";

const { train: set } = tinyDataset(50, 0);
const normalization = { mean: [0.25], std: [0.5] };

/** Each image's noise is its own: its first pixels say which it is. */
function identify(batch: Batch): string[] {
  return Array.from(batch.labels, (_, row) => batch.images.subarray(row * 784, row * 784 + 8).join());
}

function epochs(seed: number, count: number): string[][] {
  const batches = trainBatches(set, 16, normalization, new Random(seed));
  return Array.from({ length: count }, () =>
    Array.from({ length: 3 }, () => identify(batches.next().value)).flat(),
  );
}

describe("trainBatches", () => {
  it("takes whole batches of different images from every epoch, in a new order each time", () => {
    const [first, second] = epochs(1, 2);
    for (const epoch of [first!, second!]) expect(new Set(epoch).size).toBe(48);
    expect(first).not.toEqual(second);
  });

  it("leaves no image out for good", () => {
    expect(new Set(epochs(1, 20).flat()).size).toBe(50);
  });

  it("repeats itself for the same seed alone", () => {
    expect(epochs(4, 2)).toEqual(epochs(4, 2));
    expect(epochs(4, 1)).not.toEqual(epochs(5, 1));
  });

  it("normalizes pixels and keeps each image with its label", () => {
    const { images, labels, count } = trainBatches(set, 16, normalization, new Random(2)).next().value;
    expect(count).toBe(16);
    for (let row = 0; row < count; row++) {
      const bright = row * 784 + (2 * labels[row]! + 4) * 28;
      expect(images[bright]).toBeCloseTo((1 - 0.25) / 0.5, 6);
    }
  });
});

describe("stepsPerEpoch", () => {
  it("counts whole batches and refuses a batch larger than the data", () => {
    expect(stepsPerEpoch(50, 16)).toBe(3);
    expect(() => stepsPerEpoch(50, 51)).toThrow(
      "batchSize: got 51, want at most the number of training images, 50",
    );
  });
});

describe("evaluationBatches", () => {
  it("gives every image once, in order, and fills the last batch", () => {
    const batches = [...evaluationBatches(set, 16, normalization)];
    expect(batches.map(({ count }) => count)).toEqual([16, 16, 16, 2]);
    for (const { labels } of batches) expect(labels).toHaveLength(16);
    const seen = batches.flatMap((batch) => [...batch.labels.subarray(0, batch.count)]);
    expect(seen).toEqual([...set.labels]);
  });
});
