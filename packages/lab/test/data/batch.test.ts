import { describe, expect, it } from "vitest";
import { gatherBatch } from "../../src/data/batch.js";
import type { ImageSet } from "../../src/data/dataset.js";

/** Three images of two channels of 1 x 2. */
const set: ImageSet = {
  count: 3,
  channels: 2,
  height: 1,
  width: 2,
  images: Uint8Array.of(0, 51, 102, 153, 204, 255, 10, 20, 30, 40, 50, 60),
  labels: Uint8Array.of(7, 8, 9),
};
const normalization = { mean: [0.5, 0.25], std: [0.5, 2] };

describe("gatherBatch", () => {
  it("gathers images in the order asked for and normalizes each channel", () => {
    const images = new Float32Array(8);
    const labels = new Int32Array(2);
    gatherBatch(set, Uint32Array.of(2, 0), normalization, images, labels);
    const first = (byte: number): number => (byte / 255 - 0.5) / 0.5;
    const second = (byte: number): number => (byte / 255 - 0.25) / 2;
    const want = [
      first(30),
      first(40),
      second(50),
      second(60),
      first(0),
      first(51),
      second(102),
      second(153),
    ];
    expect([...labels]).toEqual([9, 7]);
    want.forEach((value, i) => {
      expect(Math.abs(images[i]! - value)).toBeLessThan(1e-6);
    });
  });

  it("names what does not fit", () => {
    const images = new Float32Array(8);
    const labels = new Int32Array(2);
    const gather =
      (indices: Uint32Array, norm = normalization, to = images) =>
      () =>
        gatherBatch(set, indices, norm, to, labels);
    expect(gather(Uint32Array.of(0, 3))).toThrow("indices: got 3, want integers below 3");
    expect(gather(Uint32Array.of(0))).toThrow("images.length: got 8, want 4");
    expect(gather(Uint32Array.of(0, 1), { mean: [0], std: [1, 1] })).toThrow("mean.length: got 1, want 2");
    expect(gather(Uint32Array.of(0, 1), { mean: [0, 0], std: [1, 0] })).toThrow("std: got 0, want positive");
  });
});
