import { describe, expect, it } from "vitest";
import type { StepLog } from "../../src/train/loop.js";
import type { TrainResult } from "../../src/train/result.js";
import { type TrainOptions, train } from "../../src/train/train.js";
import { findWorkload, optimizerNames } from "../../src/workloads/index.js";
import { tinyDataset } from "./tiny-dataset.js";

const workload = Object.freeze({ ...findWorkload("mnist-mlp"), batchSize: 16 });
const dataset = tinyDataset(70, 21);
const stepsPerEpoch = 4;

function run(options: Partial<TrainOptions> = {}): Promise<TrainResult> {
  return train({ workload, dataset, optimizer: "sofim", epochs: 2, threads: 1, ...options });
}

describe("train", () => {
  it("gives the same losses to the last bit for the same seed, however often it evaluates", async () => {
    const first = await run({ seed: 3 });
    const second = await run({ seed: 3, evaluateEvery: 1 });
    expect(second.losses).toEqual(first.losses);
    expect(second.evaluations.at(-1)!.testLoss).toBe(first.testLoss);
    expect(second.testAccuracy).toBe(first.testAccuracy);
    expect((await run({ seed: 4 })).losses).not.toEqual(first.losses);
  });

  it("gives the same losses again where a thread varies the images, and others than without", async () => {
    const augmented = { ...workload, augmentation: { padding: 4, flip: true } };
    const first = await run({ workload: augmented, seed: 3 });
    expect(first.status).toBe("completed");
    expect((await run({ workload: augmented, seed: 3 })).losses).toEqual(first.losses);
    expect((await run({ seed: 3 })).losses).not.toEqual(first.losses);
  });

  it("reports what it did", async () => {
    const result = await run({ seed: 1, evaluateEvery: 3, options: { rho: 0.5 } });
    expect(result).toMatchObject({
      workload: "mnist-mlp",
      optimizer: "sofim",
      options: { rho: 0.5, beta: 0.9 },
      status: "completed",
      steps: 2 * stepsPerEpoch,
      device: "cpu",
      threads: 1,
    });
    expect(result.evaluations.map(({ step }) => step)).toEqual([3, 4, 6, 8]);
    expect(result.trainLoss).toBeCloseTo(mean(result.losses.subarray(4)), 6);
    expect(result.evaluations[2]!.trainLoss).toBeCloseTo(mean(result.losses.subarray(4, 6)), 6);
    expect(result.losses).toHaveLength(result.steps);
    expect(result.stepSeconds.at(-1)).toBe(result.seconds);
    expect(result.imagesPerSecond).toBeCloseTo((8 * 16) / result.seconds, 6);
    for (const seconds of [result.seconds, result.evalSeconds, result.compileSeconds]) {
      expect(seconds).toBeGreaterThan(0);
    }
  });

  it("starts every optimizer from the same weights and batches", async () => {
    const first = await Promise.all(
      optimizerNames.map(async (optimizer) => {
        const { losses } = await run({ optimizer, seed: 5, epochs: 1 });
        return losses[0];
      }),
    );
    expect(new Set(first).size).toBe(1);
  });

  it("logs what the optimizer's state tells, without changing the run", async () => {
    const logs: StepLog[] = [];
    const observer = { onLog: (log: StepLog) => void logs.push(log) };
    const options = { rho: 0.5, learningRate: 0.2, schedule: "cosine", diagnostics: true };
    const result = await run({ seed: 2, options, logEvery: 3, observer });
    expect(logs.map(({ step }) => step)).toEqual([3, 6]);
    logs.forEach(({ step, loss, hyperparams, diagnostics }) => {
      expect(loss).toBe(result.losses[step - 1]);
      expect(hyperparams.rho).toBe(0.5);
      // Half a cosine over 8 steps, at the count before this one.
      expect(hyperparams.learningRate).toBeCloseTo(0.1 * (1 + Math.cos((Math.PI * (step - 1)) / 8)), 6);
      const { momentNormSquared, stepLength, cosine } = diagnostics!;
      expect(stepLength / (Math.sqrt(momentNormSquared) / (0.5 + momentNormSquared))).toBeCloseTo(1, 4);
      expect(Math.abs(cosine)).toBeLessThanOrEqual(1 + 1e-6);
    });
    const silent = await run({ seed: 2, options: { ...options, diagnostics: false } });
    // Another graph, in which the engine may round elsewhere.
    silent.losses.forEach((loss, i) => {
      expect(Math.abs(loss / result.losses[i]! - 1)).toBeLessThan(1e-5);
    });
  });

  it.each(["adahessian", "nysNewton"] as const)(
    "refreshes the curvature of %s at every k-th step",
    async (optimizer) => {
      const always = await run({ optimizer, seed: 6 });
      const sometimes = await run({ optimizer, seed: 6, options: { every: 3 } });
      const again = await run({ optimizer, seed: 6, options: { every: 3 } });
      expect(sometimes.losses).toEqual(again.losses);
      // The first two losses see no step, and the first step, which both refresh.
      expect(sometimes.losses.slice(0, 2)).toEqual(always.losses.slice(0, 2));
      expect(sometimes.losses.slice(2)).not.toEqual(always.losses.slice(2));
      await expect(run({ optimizer, options: { every: 0 } })).rejects.toThrow(
        "every: got 0, want an integer >= 1",
      );
    },
  );

  it("learns to tell the images apart", async () => {
    const result = await run({ dataset: tinyDataset(640, 100), epochs: 5 });
    expect(result.testAccuracy).toBeGreaterThan(0.95);
  });

  it("stops within one step when it is aborted, and reports what it had reached", async () => {
    const controller = new AbortController();
    const result = await run({
      epochs: 100,
      signal: controller.signal,
      observer: { onStep: ({ step }) => step === 6 && controller.abort() },
    });
    expect(result).toMatchObject({ status: "aborted", steps: 6 });
    expect(result.losses).toHaveLength(6);
    expect(result.evaluations.map(({ step }) => step)).toEqual([4]);
    expect(result.testLoss).toBe(result.evaluations[0]!.testLoss);
  });

  it("does nothing when it is aborted before it starts", async () => {
    const result = await run({ signal: AbortSignal.abort() });
    expect(result).toMatchObject({ status: "aborted", steps: 0, testLoss: Number.NaN });
  });

  it("lets timers through between steps", async () => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 20);
    const result = await run({ epochs: 100_000, signal: controller.signal });
    clearTimeout(timer);
    expect(result.status).toBe("aborted");
  });

  it("ends at the first loss that is not finite and says so", async () => {
    const result = await run({ optimizer: "sgd", epochs: 50, options: { learningRate: 1e20 } });
    expect(result.status).toBe("diverged");
    expect(result.losses.subarray(0, -1).every(Number.isFinite)).toBe(true);
    expect(Number.isFinite(result.losses.at(-1))).toBe(false);
    expect(Number.isFinite(result.trainLoss)).toBe(false);
  });

  it.each<[string, Partial<TrainOptions>, string]>([
    [
      "an option the optimizer lacks",
      { options: { momentum: 0.9 } },
      'SOFIM option: got "momentum", want one of',
    ],
    ["a rho of 0", { options: { rho: 0 } }, "rho: got 0"],
    ["a beta of 1", { options: { beta: 1 } }, "beta: got 1"],
    [
      "a learning rate that is not a number",
      { options: { learningRate: Number.NaN } },
      "learningRate: got NaN",
    ],
    ["half an epoch", { epochs: 0.5 }, "epochs: got 0.5"],
    ["no steps between evaluations", { evaluateEvery: 0 }, "evaluateEvery: got 0"],
    ["a negative seed", { seed: -1 }, "seed: got -1"],
  ])("refuses %s", async (_, options, message) => {
    await expect(run(options)).rejects.toThrow(message);
  });
});

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
