import { numpy as np } from "@jax-js/jax";
import { injectHyperparams, sgd } from "sofim";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";
import { logreg, resnet9 } from "../../src/models/index.js";
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

  it("carries running statistics from step to step, and begins anew with fresh ones", async () => {
    const model = resnet9({ inputShape: [1, 8, 8], classes: 10 }, 1 / 64);
    const optimizer = injectHyperparams(sgd)({ learningRate, momentum });
    const options = { model, objectiveL2: 0, optimizer, batchSize, threads: 1 };
    const session = await openSession({ ...options, weights: new Random(8) });
    const random = new Random(3);
    const images = Float32Array.from({ length: batchSize * 64 }, () => 3 + random.normal());
    const labels = Int32Array.from({ length: batchSize }, () => random.below(10));
    const batch = { images, labels, count: batchSize };
    const predicted = async () => Array.from(await session.predict(images));

    const fresh = await predicted();
    // Steps of length zero: what changes the predictions is the statistics alone.
    await session.step(batch, 0);
    const [first, again] = [await predicted(), await predicted()];
    expect(first).not.toEqual(fresh);
    expect(again).toEqual(first);
    for (let i = 0; i < 240; i++) await session.step(batch, 0);
    // 0.9^241 of the start is left: the statistics are those of the batch.
    const x = np.array(images, { shape: [batchSize, 1, 8, 8] });
    const [logits, measured] = model.applyTraining(model.init(new Random(8)), x.ref);
    logits.dispose();
    const wanted = model.apply(model.init(new Random(8)), measured, x).dataSync();
    const settled = await predicted();
    const largest = Math.max(...wanted.map(Math.abs));
    for (let i = 0; i < wanted.length; i++) {
      expect(Math.abs(settled[i]! - wanted[i]!) / largest, `logit ${i}`).toBeLessThan(1e-5);
    }
    session.restart(optimizer, new Random(8));
    expect(await predicted()).toEqual(fresh);
    await session.dispose();
  });
});

function follow(weights: Float64Array, velocity: Float64Array, gradient: Float64Array): void {
  for (let i = 0; i < weights.length; i++) {
    velocity[i] = momentum * velocity[i]! + gradient[i]!;
    weights[i]! -= learningRate * velocity[i]!;
  }
}
