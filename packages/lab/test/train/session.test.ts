import { injectHyperparams, sgd } from "sofim";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";
import { logreg } from "../../src/models/index.js";
import { trainBatches } from "../../src/train/batches.js";
import { openSession } from "../../src/train/session.js";
import { plainSoftmaxRegression } from "./plain-softmax-regression.js";
import { tinyDataset } from "./tiny-dataset.js";

const batchSize = 8;
const normalization = { mean: [0.3], std: [0.3] };
const learningRate = 0.002;
const momentum = 0.9;
const l2 = 0.1;

describe("openSession", () => {
  it("follows gradient descent with momentum on logreg as a plain float64 loop does", async () => {
    const model = logreg({ inputShape: [1, 28, 28], classes: 10 });
    const session = await openSession({
      model,
      objectiveL2: l2,
      optimizer: injectHyperparams(sgd)({ learningRate, momentum }),
      weights: new Random(8),
      batchSize,
      threads: 1,
    });
    const initial = model.init(new Random(8)).fc!;
    const weight = Float64Array.from(initial.weight.dataSync());
    const bias = Float64Array.from(initial.bias.dataSync());
    const steps = { weight: new Float64Array(weight.length), bias: new Float64Array(bias.length) };

    const batches = trainBatches(tinyDataset(64, 0).train, batchSize, normalization, new Random(2));
    for (let step = 0; step < 20; step++) {
      const batch = batches.next().value;
      const wanted = plainSoftmaxRegression({ weight, bias }, batch.images, batch.labels, l2);
      const loss = await session.step(batch, learningRate);
      expect(Math.abs(loss / wanted.loss - 1), `step ${step}`).toBeLessThan(1e-5);
      follow(weight, steps.weight, wanted.weight);
      follow(bias, steps.bias, wanted.bias);
    }
    await session.dispose();
  });
});

function follow(weights: Float64Array, velocity: Float64Array, gradient: Float64Array): void {
  for (let i = 0; i < weights.length; i++) {
    velocity[i] = momentum * velocity[i]! + gradient[i]!;
    weights[i]! -= learningRate * velocity[i]!;
  }
}
