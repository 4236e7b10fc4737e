import { describe, expect, it } from "vitest";
import { augmentImages, type ImageSet, Random } from "../../src/data/index.js";

const [channels, height, width] = [2, 3, 4];
const size = channels * height * width;

/** Images of bytes that differ from one another and from black. */
function numberedSet(count: number): ImageSet {
  const images = Uint8Array.from({ length: count * size }, (_, i) => 1 + (i % 255));
  return { count, channels, height, width, images, labels: Uint8Array.from({ length: count }, (_, i) => i) };
}

/** Image `index` padded by `padding`, cropped from row `top` and column `left` on, and mirrored. */
function plainVariant(
  set: ImageSet,
  index: number,
  padding: number,
  top: number,
  left: number,
  flip: boolean,
) {
  const pixel = (c: number, y: number, x: number) => {
    const inside = y >= 0 && y < height && x >= 0 && x < width;
    return inside ? set.images[index * size + (c * height + y) * width + x]! : 0;
  };
  const out: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        out.push(pixel(c, y + top - padding, (flip ? width - 1 - x : x) + left - padding));
      }
    }
  }
  return out.join();
}

describe("augmentImages", () => {
  it.each([
    { padding: 2, flip: true },
    { padding: 1, flip: false },
    { padding: 0, flip: true },
  ])(
    "draws every crop and mirror image alike often, with padding $padding, flip $flip",
    ({ padding, flip }) => {
      const set = numberedSet(3);
      const offsets = Array.from({ length: 2 * padding + 1 }, (_, i) => i);
      const variants = new Map(
        offsets.flatMap((top) =>
          offsets.flatMap((left) =>
            (flip ? [false, true] : [false]).map((mirror) => [
              plainVariant(set, 1, padding, top, left, mirror),
              0,
            ]),
          ),
        ),
      );
      const draws = 400 * variants.size;
      const indices = new Uint32Array(draws).fill(1);
      const { images, labels } = augmentImages(set, indices, { padding, flip }, new Random(6));
      expect(labels.every((label) => label === 1)).toBe(true);
      for (let i = 0; i < draws; i++) {
        const found = images.subarray(i * size, (i + 1) * size).join();
        expect(variants.has(found)).toBe(true);
        variants.set(found, variants.get(found)! + 1);
      }
      // Five standard deviations of a binomial count with mean 400.
      for (const count of variants.values()) expect(Math.abs(count - 400)).toBeLessThan(100);
    },
  );

  it("keeps each image with its label, in the order of the indices", () => {
    const set = numberedSet(5);
    const batch = augmentImages(set, Uint32Array.of(4, 0, 2), { padding: 0, flip: false }, new Random(1));
    expect([...batch.labels]).toEqual([4, 0, 2]);
    expect([...batch.images]).toEqual(
      [4, 0, 2].flatMap((index) => [...set.images.subarray(index * size, (index + 1) * size)]),
    );
  });

  it("repeats itself for the same seed alone, and leaves the set as it was", () => {
    const set = numberedSet(4);
    const before = set.images.slice();
    const draw = (seed: number) =>
      augmentImages(set, Uint32Array.of(0, 1, 2, 3), { padding: 2, flip: true }, new Random(seed)).images;
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(set.images).toEqual(before);
  });

  it.each([-1, 0.5, 4, Number.NaN])("refuses a padding of %d", (padding) => {
    const draw = () =>
      augmentImages(numberedSet(1), Uint32Array.of(0), { padding, flip: true }, new Random(0));
    expect(draw).toThrow(`padding: got ${padding}, want an integer from 0 to 3`);
  });
});
