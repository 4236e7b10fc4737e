import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/train/evaluate.js";
import { tinyDataset } from "./tiny-dataset.js";

const { test: set } = tinyDataset(0, 21);
const normalization = { mean: [0], std: [1] };
const classes = 10;

/** Logits that are `strength` for the class whose row is bright, 0 for the others. */
function brightRow(strength: number) {
  return async (images: Float32Array): Promise<number[]> =>
    Array.from({ length: (images.length / 784) * classes }, (_, i) => {
      const row = Math.floor(i / classes);
      return images[row * 784 + (2 * (i % classes) + 4) * 28]! > 0.9 ? strength : 0;
    });
}

describe("evaluate", () => {
  it.each([1, 8, 21, 64])("counts every image once in batches of %d", async (batchSize) => {
    const score = await evaluate(brightRow(3), set, batchSize, normalization);
    expect(score!.accuracy).toBe(1);
    expect(score!.loss).toBeCloseTo(Math.log(Math.exp(3) + 9) - 3, 12);
  });

  it("counts a tie as wrong", async () => {
    const score = await evaluate(brightRow(0), set, 8, normalization);
    expect(score!.accuracy).toBe(0);
    expect(score!.loss).toBeCloseTo(Math.log(10), 12);
  });

  it("does not let logits that are not numbers pass for anything", async () => {
    const score = await evaluate(
      async (images) => new Float32Array((images.length / 784) * classes).fill(Number.NaN),
      set,
      8,
      normalization,
    );
    expect(score!.accuracy).toBe(0);
    expect(score!.loss).toBeNaN();
  });

  it("ends when it is aborted", async () => {
    const signal = AbortSignal.abort();
    expect(await evaluate(brightRow(1), set, 8, normalization, signal)).toBeUndefined();
  });
});
