import { defaultDevice, init, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";
import { logreg } from "../../src/models/index.js";
import { makeObjective } from "../../src/train/objective.js";
import { plainSoftmaxRegression } from "./plain-softmax-regression.js";

const inputShape = [1, 3, 4] as const;
const features = 12;
const classes = 5;
const batch = 7;

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

describe("makeObjective", () => {
  it.each([0, 0.3])("gives logreg's loss and gradient by the formula, with l2 %d", (l2) => {
    const random = new Random(5);
    const model = logreg({ inputShape, classes });
    const images = Float32Array.from({ length: batch * features }, () => random.normal());
    const labels = Int32Array.from({ length: batch }, () => random.below(classes));
    const params = model.init(random);
    const weight = params.fc!.weight.ref.dataSync();
    const bias = params.fc!.bias.ref.dataSync();

    const [loss, gradient] = valueAndGrad(makeObjective(model, l2))(
      params,
      np.array(images, { shape: [batch, ...inputShape] }),
      np.array(labels, { dtype: np.int32 }),
    );
    const wanted = plainSoftmaxRegression({ weight, bias }, images, labels, l2);
    expect(Math.abs(loss.item() - wanted.loss)).toBeLessThan(1e-5);
    expectClose(gradient.fc!.weight.dataSync(), wanted.weight);
    expectClose(gradient.fc!.bias.dataSync(), wanted.bias);
  });

  it("stays finite where a plain exponential would overflow", () => {
    const model = logreg({ inputShape, classes });
    const params = tree.map((x: np.Array) => x.mul(1e4), model.init(new Random(1)));
    const loss = makeObjective(model, 0)(
      params,
      np.ones([batch, ...inputShape]),
      np.zeros([batch], { dtype: np.int32 }),
    ).item();
    expect(loss).toBeGreaterThan(100);
    expect(loss).toBeLessThan(1e6);
  });
});

function expectClose(found: ArrayLike<number>, wanted: Float64Array): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) expect(Math.abs(found[i]! - wanted[i]!)).toBeLessThan(1e-5);
}
