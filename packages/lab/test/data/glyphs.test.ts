import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { gatherBatch } from "../../src/data/batch.js";
import type { ImageSet } from "../../src/data/dataset.js";
import { drawGlyphs } from "../../src/data/glyphs/glyphs.js";
import { Random } from "../../src/data/random.js";

const { train, test } = drawGlyphs();

describe("glyphs", () => {
  it("has 10,000 + 2,000 images of 28 x 28, ten classes in equal numbers", () => {
    expect(train).toMatchObject({ count: 10_000, channels: 1, height: 28, width: 28 });
    expect(test).toMatchObject({ count: 2_000, channels: 1, height: 28, width: 28 });
    expect(train.images.length).toBe(10_000 * 784);
    expect(classCounts(train)).toEqual(new Array(10).fill(1_000));
    expect(classCounts(test)).toEqual(new Array(10).fill(200));
  });

  it("is the same on every machine, byte for byte", () => {
    // Results are compared across machines and versions: a change of this value is a change of the data set.
    expect(digest(train, test)).toBe("a0278e242d3de4b102878b316c16dcfd3914b757823b995a09c2904305cf2c52");
  });

  it("draws other images for another seed, and the same test images whatever the number of training images", () => {
    const small = drawGlyphs({ seed: 0, trainCount: 10 });
    expect(digest(small.test)).toBe(digest(test));
    expect(digest(drawGlyphs({ seed: 1, trainCount: 10 }).train)).not.toBe(digest(small.train));
  });

  it("refuses a count that is not a positive integer", () => {
    expect(() => drawGlyphs({ testCount: 0 })).toThrow("testCount: got 0, want a positive integer");
  });

  it("puts ink in every image, away from the paper's level", () => {
    for (let i = 0; i < test.count; i++) {
      const image = test.images
        .subarray(i * 784, (i + 1) * 784)
        .slice()
        .sort();
      expect(image[783 - 30]! - image[392]!).toBeGreaterThan(20);
    }
  });

  it("is hard for a linear model, and not out of its reach", () => {
    const accuracy = logisticRegressionAccuracy(train, test);
    expect(accuracy).toBeGreaterThan(0.85);
    expect(accuracy).toBeLessThan(0.95);
  });
});

function classCounts(set: ImageSet): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const label of set.labels) counts[label]! += 1;
  return counts;
}

function digest(...sets: readonly ImageSet[]): string {
  const hash = createHash("sha256");
  for (const set of sets) hash.update(set.images).update(set.labels);
  return hash.digest("hex");
}

const CLASSES = 10;
const INPUTS = 784;

/** Test accuracy of softmax regression after five epochs of SGD with momentum and a step falling to zero. */
function logisticRegressionAccuracy(fit: ImageSet, held: ImageSet): number {
  const [batch, epochs, learningRate] = [50, 5, 0.01];
  const weights = new Float64Array(CLASSES * (INPUTS + 1));
  const momentum = new Float64Array(weights.length);
  const images = new Float32Array(batch * INPUTS);
  const labels = new Int32Array(batch);
  const probabilities = new Float64Array(CLASSES);
  const order = Uint32Array.from({ length: fit.count }, (_, i) => i);
  const random = new Random(0);
  const steps = (epochs * fit.count) / batch;
  for (let step = 0; step < steps; step++) {
    const start = (step * batch) % fit.count;
    if (start === 0) random.shuffle(order);
    gatherBatch(fit, order.subarray(start, start + batch), { mean: [0.18], std: [0.205] }, images, labels);
    for (let i = 0; i < momentum.length; i++) momentum[i]! *= 0.9;
    for (let b = 0; b < batch; b++) {
      softmax(weights, images, b * INPUTS, probabilities);
      probabilities[labels[b]!]! -= 1;
      addOuterProduct(momentum, probabilities, images, b * INPUTS, 1 / batch);
    }
    const rate = learningRate * (1 - step / steps);
    for (let i = 0; i < weights.length; i++) weights[i]! -= rate * momentum[i]!;
  }
  return accuracyOf(weights, held);
}

function accuracyOf(weights: Float64Array, held: ImageSet): number {
  const probabilities = new Float64Array(CLASSES);
  const images = new Float32Array(held.count * INPUTS);
  const labels = new Int32Array(held.count);
  const all = Uint32Array.from({ length: held.count }, (_, i) => i);
  gatherBatch(held, all, { mean: [0.18], std: [0.205] }, images, labels);
  let right = 0;
  for (let i = 0; i < held.count; i++) {
    softmax(weights, images, i * INPUTS, probabilities);
    if (probabilities.indexOf(Math.max(...probabilities)) === labels[i]) right++;
  }
  return right / held.count;
}

function softmax(weights: Float64Array, images: Float32Array, at: number, to: Float64Array): void {
  for (let c = 0; c < CLASSES; c++) {
    const row = c * (INPUTS + 1);
    let score = weights[row + INPUTS]!;
    for (let i = 0; i < INPUTS; i++) score += weights[row + i]! * images[at + i]!;
    to[c] = score;
  }
  const largest = Math.max(...to);
  let total = 0;
  for (let c = 0; c < CLASSES; c++) total += to[c] = Math.exp(to[c]! - largest);
  for (let c = 0; c < CLASSES; c++) to[c]! /= total;
}

/** gradient += scale * errors [1, image]'. */
function addOuterProduct(
  gradient: Float64Array,
  errors: Float64Array,
  images: Float32Array,
  at: number,
  scale: number,
): void {
  for (let c = 0; c < CLASSES; c++) {
    const row = c * (INPUTS + 1);
    const factor = scale * errors[c]!;
    for (let i = 0; i < INPUTS; i++) gradient[row + i]! += factor * images[at + i]!;
    gradient[row + INPUTS]! += factor;
  }
}
