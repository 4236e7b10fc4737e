import { describe, expect, it } from "vitest";
import {
  findOptimizer,
  findWorkload,
  optimizerNames,
  optimizers,
  workloads,
} from "../../src/workloads/index.js";

describe("workloads", () => {
  it("are the ones the command line promises", () => {
    expect([...workloads.keys()]).toEqual([
      "glyphs-lenet5",
      "mnist-logreg",
      "mnist-mlp",
      "mnist-lenet5",
      "fashion-lenet5",
      "cifar10-lenet5",
      "cifar10-resnet9",
      "cifar100-resnet9",
    ]);
  });

  it.each([...workloads.values()])("$name fits together", (workload) => {
    const trainCounts: Record<string, number> = {
      glyphs: 10_000,
      mnist: 60_000,
      "fashion-mnist": 60_000,
      cifar10: 50_000,
      cifar100: 50_000,
    };
    const { model, normalization, targets } = workload;
    expect(normalization.mean).toHaveLength(model.inputShape[0]);
    expect(normalization.std).toHaveLength(model.inputShape[0]);
    const stepsPerEpoch = Math.floor(trainCounts[workload.dataset]! / workload.batchSize);
    expect(stepsPerEpoch % workload.evaluateEvery).toBe(0);
    expect(targets.testAccuracy).toBeLessThan(1);
    for (const name of optimizerNames) optimizers[name].create(workload.optimizers[name]);
  });

  it("cannot be changed, not even deep inside", () => {
    const workload = findWorkload("mnist-lenet5");
    expect(() => Object.assign(workload.optimizers.sofim, { rho: 1 })).toThrow(TypeError);
    expect(() => Object.assign(workload.targets, { trainLoss: 1 })).toThrow(TypeError);
  });

  it("are listed when a name is not one of them", () => {
    expect(() => findWorkload("mnist")).toThrow(
      'workload: got "mnist", want one of glyphs-lenet5, mnist-logreg, mnist-mlp, mnist-lenet5, fashion-lenet5, cifar10-lenet5, cifar10-resnet9, cifar100-resnet9',
    );
  });
});

describe("optimizers", () => {
  it("are listed when a name is not one of them", () => {
    expect(() => findOptimizer("toString")).toThrow(
      'optimizer: got "toString", want one of sofim, sgd, adam, adamw, adahessian, lbfgs, nysNewton',
    );
  });

  it("complete given options with their defaults", () => {
    expect(optimizers.sgd.resolve({ learningRate: 0.5 })).toEqual({
      learningRate: 0.5,
      schedule: "constant",
      momentum: 0.9,
      nesterov: false,
    });
  });

  it.each([
    ["a name they lack", { rh: 1 }, 'SOFIM option: got "rh", want one of learningRate, schedule, rho'],
    ["a word they do not know", { blocks: "layer" }, 'blocks: got "layer", want one of global, tensor'],
    ["text for a number", { rho: "1" }, 'rho: got "1", want a number'],
  ])("refuse %s", (_, given, message) => {
    expect(() => optimizers.sofim.resolve(given)).toThrow(message);
  });
});
