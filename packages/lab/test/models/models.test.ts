import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";
import { lenet5, logreg, type Model, mlp } from "../../src/models/index.js";
import { plainLenet5 } from "./plain-lenet5.js";

const grey28 = { inputShape: [1, 28, 28], classes: 10 } as const;
const color32 = { inputShape: [3, 32, 32], classes: 10 } as const;

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

function hostParams(model: Model, seed: number): Record<string, { shape: number[]; values: Float32Array }> {
  const tensors: Record<string, { shape: number[]; values: Float32Array }> = {};
  for (const [layer, params] of Object.entries(model.init(new Random(seed)))) {
    for (const [name, array] of Object.entries(params)) {
      tensors[`${layer}.${name}`] = {
        shape: [...array.shape],
        values: array.dataSync() as Float32Array,
      };
    }
  }
  return tensors;
}

function shapes(model: Model): Record<string, number[]> {
  return Object.fromEntries(Object.entries(hostParams(model, 0)).map(([name, { shape }]) => [name, shape]));
}

describe("models", () => {
  it("have the layers and layouts that their names promise", () => {
    expect(shapes(logreg(grey28))).toEqual({ "fc.weight": [784, 10], "fc.bias": [10] });
    expect(shapes(mlp(grey28))).toEqual({
      "fc1.weight": [784, 256],
      "fc1.bias": [256],
      "fc2.weight": [256, 128],
      "fc2.bias": [128],
      "fc3.weight": [128, 10],
      "fc3.bias": [10],
    });
    const lenet = {
      "conv1.weight": [6, 1, 5, 5],
      "conv1.bias": [6],
      "conv2.weight": [16, 6, 5, 5],
      "conv2.bias": [16],
      "fc1.weight": [400, 120],
      "fc1.bias": [120],
      "fc2.weight": [120, 84],
      "fc2.bias": [84],
      "fc3.weight": [84, 10],
      "fc3.bias": [10],
    };
    expect(shapes(lenet5(grey28))).toEqual(lenet);
    expect(shapes(lenet5(color32))).toEqual({ ...lenet, "conv1.weight": [6, 3, 5, 5] });
  });

  it.each([logreg(grey28), mlp(grey28), lenet5(grey28), lenet5(color32)])(
    "$name gives one row of logits per image of $inputShape",
    (model) => {
      const logits = model.apply(model.init(new Random(1)), np.zeros([3, ...model.inputShape]));
      expect(logits.shape).toEqual([3, 10]);
      logits.dispose();
    },
  );

  it("draw weights and biases uniformly within 1 / sqrt(fanIn)", () => {
    const fanIns: Record<string, number> = { conv1: 25, conv2: 150, fc1: 400, fc2: 120, fc3: 84 };
    for (const [name, { values }] of Object.entries(hostParams(lenet5(grey28), 7))) {
      const bound = 1 / Math.sqrt(fanIns[name.split(".")[0]!]!);
      expect(Math.max(...values.map(Math.abs)), name).toBeLessThanOrEqual(Math.fround(bound));
      // Five standard errors of mean and mean square of U(-bound, bound); 4/45 is the square's variance.
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const square = values.reduce((sum, v) => sum + v * v, 0) / values.length;
      expect(Math.abs(mean), name).toBeLessThan(5 * bound * Math.sqrt(1 / 3 / values.length));
      expect(Math.abs(square / bound ** 2 - 1 / 3), name).toBeLessThan(5 * Math.sqrt(4 / 45 / values.length));
    }
  });

  it("draw the same weights for the same seed and others for another", () => {
    const model = logreg(grey28);
    expect(hostParams(model, 3)).toEqual(hostParams(model, 3));
    expect(hostParams(model, 3)["fc.bias"]!.values).not.toEqual(hostParams(model, 4)["fc.bias"]!.values);
  });

  it("lenet5 refuses images that its layers do not fit", () => {
    expect(() => lenet5({ inputShape: [1, 30, 30], classes: 10 })).toThrow(
      'inputShape: got "1x30x30", want images of 28x28 or 32x32',
    );
  });
});

describe("lenet5", () => {
  it.each([grey28, color32])("equals a plain float64 implementation on images of $inputShape", (shape) => {
    const model = lenet5(shape);
    const random = new Random(11);
    const size = shape.inputShape.reduce<number>((product, dim) => product * dim, 1);
    const images = Float32Array.from({ length: 2 * size }, () => random.normal());
    const params = model.init(random);
    const logits = model.apply(tree.ref(params), np.array(images, { shape: [2, ...shape.inputShape] }));
    const found = logits.dataSync();
    const weights = Object.fromEntries(
      Object.entries(params).map(([layer, { weight, bias }]) => [
        layer,
        { weight: weight.dataSync(), bias: bias.dataSync() },
      ]),
    );
    for (let image = 0; image < 2; image++) {
      const wanted = plainLenet5(weights, images.subarray(image * size, (image + 1) * size), shape);
      for (let c = 0; c < 10; c++) expect(Math.abs(found[image * 10 + c]! - wanted[c]!)).toBeLessThan(1e-5);
    }
  });
});
