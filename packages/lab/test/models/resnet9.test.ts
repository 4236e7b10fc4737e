import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";
import { initChannelStatistics, normalizeByBatch, normalizeByRunning } from "../../src/models/batch-norm.js";
import { moveStatistics, resnet9 } from "../../src/models/index.js";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const small = { inputShape: [3, 8, 16], classes: 5 } as const;

/** The mean over images and pixels of each channel of `[images, channels, pixels]`. */
function channelMeans(values: ArrayLike<number>, images: number, channels: number, pixels: number): number[] {
  return Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let i = 0; i < images; i++) {
      for (let p = 0; p < pixels; p++) sum += values[(i * channels + c) * pixels + p]!;
    }
    return sum / (images * pixels);
  });
}

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) expect(Math.abs(found[i]! - wanted[i]!)).toBeLessThan(1e-5);
}

describe("batch normalization", () => {
  const [images, channels, pixels] = [3, 2, 4];
  const random = new Random(1);
  const x = Float32Array.from({ length: images * channels * pixels }, () => 5 + 2 * random.normal());
  const affine = () => ({ scale: np.array([2, 0.5]), bias: np.array([-1, 3]) });
  const input = () => np.array(x, { shape: [images, channels, 2, 2] });
  const channelOf = (i: number) => Math.floor(i / pixels) % channels;
  const normalize = (mean: readonly number[], variance: readonly number[]) =>
    Array.from(x, (value, i) => {
      const c = channelOf(i);
      return ([2, 0.5][c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + 1e-5) + [-1, 3][c]!;
    });

  it("takes mean and variance of the batch, and reports the unbiased variance", () => {
    const mean = channelMeans(x, images, channels, pixels);
    const squares = Array.from(x, (value, i) => (value - mean[channelOf(i)]!) ** 2);
    const variance = channelMeans(squares, images, channels, pixels);
    const [y, measured] = normalizeByBatch(affine(), input());
    expectClose(y.dataSync(), normalize(mean, variance));
    expectClose(measured.mean.dataSync(), mean);
    expectClose(
      measured.variance.dataSync(),
      variance.map((v) => (v * 12) / 11),
    );
  });

  it("takes the running statistics where it is given them", () => {
    const running = { mean: np.array([4, 6]), variance: np.array([9, 0.25]) };
    expectClose(normalizeByRunning(affine(), running, input()).dataSync(), normalize([4, 6], [9, 0.25]));
  });

  it("moves running statistics by a tenth", () => {
    const measured = { mean: np.array([2, -4]), variance: np.array([3, 1]) };
    const moved = moveStatistics({ a: initChannelStatistics(2) }, { a: measured });
    expectClose(moved.a!.mean.dataSync(), [0.2, -0.4]);
    expectClose(moved.a!.variance.dataSync(), [1.2, 1]);
  });
});

describe("resnet9", () => {
  it("has the layers and layouts that its name promises", () => {
    const params = resnet9({ inputShape: [3, 32, 32], classes: 10 }, 1 / 4).init(new Random(0));
    const shapes = Object.fromEntries(
      Object.entries(params).map(([name, parts]) => [
        name,
        Object.entries(parts).map(([part, { shape }]) => `${part} ${shape.join("x")}`),
      ]),
    );
    const block = (outputs: number, inputs: number) => [
      `weight ${outputs}x${inputs}x3x3`,
      `scale ${outputs}`,
      `bias ${outputs}`,
    ];
    expect(shapes).toEqual({
      prep: block(16, 3),
      layer1: block(32, 16),
      layer1a: block(32, 32),
      layer1b: block(32, 32),
      layer2: block(64, 32),
      layer3: block(128, 64),
      layer3a: block(128, 128),
      layer3b: block(128, 128),
      fc: ["weight 128x10", "bias 10"],
    });
    tree.dispose(params);
  });

  it("gives a row of logits per image, one that depends on the others in training alone", () => {
    const model = resnet9(small, 1 / 32);
    const params = model.init(new Random(2));
    const random = new Random(3);
    const x = Float32Array.from({ length: 4 * 3 * 8 * 16 }, () => random.normal());
    const batch = (count: number) =>
      np.array(x.slice(0, count * 3 * 8 * 16), { shape: [count, ...small.inputShape] });
    const inTraining = (count: number) => {
      const [logits, measured] = model.applyTraining(tree.ref(params), batch(count));
      expect(logits.shape).toEqual([count, 5]);
      expect(Object.keys(measured)).toEqual(Object.keys(params).filter((name) => name !== "fc"));
      tree.dispose(measured);
      return logits.dataSync().slice(0, 5);
    };
    const after = (count: number) =>
      model.apply(tree.ref(params), model.initStatistics(), batch(count)).dataSync().slice(0, 5);
    expectClose(after(4), after(2));
    const [four, two] = [inTraining(4), inTraining(2)];
    expect(Math.max(...Array.from(two, (logit, i) => Math.abs(four[i]! - Number(logit))))).toBeGreaterThan(
      1e-3,
    );
    tree.dispose(params);
  });

  it("refuses images and widths that its layers do not fit", () => {
    expect(() => resnet9({ inputShape: [1, 28, 28], classes: 10 })).toThrow(
      'inputShape: got "1x28x28", want height and width divisible by 8',
    );
    for (const width of [0, 0.3, -1, Number.NaN]) {
      expect(() => resnet9(small, width)).toThrow(`width: got ${width}, want a multiple of 1/64 above 0`);
    }
  });

  it("names the layer that has no normalization", () => {
    const model = resnet9(small, 1 / 64);
    const { layer2, ...params } = model.init(new Random(0));
    const { weight, bias } = layer2!;
    const apply = () => model.applyTraining({ ...params, layer2: { weight, bias } }, np.zeros([2, 3, 8, 16]));
    expect(apply).toThrow('a scale in "layer2" (it has weight, bias)');
  });
});
