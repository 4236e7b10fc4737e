import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { Sofim } from "../../src/core/index.js";
import { sofimDefaults } from "../../src/core/options.js";
import {
  InvalidArgumentError,
  SofimError,
  SofimOptimizer,
  scheduleLearningRate,
  sofim,
} from "../../src/tfjs/index.js";
import * as simd from "../../src/tfjs/simd.js";
import { expectClose, randomSigned } from "../core/helpers.js";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("options", () => {
  it.each([
    [{ learningRate: -1 }, "learningRate"],
    [{ learningRate: Number.NaN }, "learningRate"],
    [{ beta: 1 }, "beta"],
    [{ rho: 0 }, "rho"],
    [{ rho: "1" }, "rho"],
    [{ weightDecay: -0.1 }, "weightDecay"],
    [{ direction: "sideways" }, "direction"],
    [{ blocks: [3, 4] }, "blocks"],
    [{ clipByGlobalNorm: 0 }, "clipByGlobalNorm"],
    [{ skipNonFinite: 1 }, "skipNonFinite"],
    [{ lr: 0.1 }, "lr"],
    [0.1, "options"],
    [null, "options"],
  ])("%o throw at construction", (options, argument) => {
    const construct = () => new SofimOptimizer(options as object);
    expect(construct).toThrow(InvalidArgumentError);
    expect(construct).toThrow(new RegExp(`^${argument}: got `));
  });

  it("survive getConfig and fromConfig", () => {
    const options = { learningRate: 0.5, beta: 0.5, rho: 2, weightDecay: 0.1, skipNonFinite: true } as const;
    const made = sofim({ ...options, direction: "gradient", blocks: "tensor", clipByGlobalNorm: 3 });
    const config = JSON.parse(JSON.stringify(made.getConfig()));
    const again = SofimOptimizer.fromConfig(SofimOptimizer, { ...config, customObjects: {} });
    expect(again.constructor).toBe(SofimOptimizer);
    expect(again.getConfig()).toEqual(made.getConfig());
    expect(again.getConfig()).toMatchObject({ ...options, clipByGlobalNorm: 3 });
    const bare = SofimOptimizer.fromConfig(SofimOptimizer, new SofimOptimizer().getConfig());
    expect((bare as SofimOptimizer).learningRate).toBe(sofimDefaults.learningRate);
  });

  it("with a function cannot be saved, and say so", () => {
    const optimizer = new SofimOptimizer({ blocks: (name) => name });
    expect(() => optimizer.getConfig()).toThrow(SofimError);
    expect(() => optimizer.getConfig()).toThrow(/blocks/);
  });
});

describe("blocks by key", () => {
  it("are those of sofim/core", async () => {
    const start = [0.5, -1, 2, 0.25, 3];
    const variables = ["enc/a", "enc/b", "dec/a"].map((name, i) =>
      tf.tidy(() => tf.variable(tf.tensor1d(start.slice([0, 2, 3][i]!, [2, 3, 5][i]!)), true, name)),
    );
    const optimizer = new SofimOptimizer({ blocks: (name) => name.split("/")[0]!, rho: 0.01 });
    const weights = Float32Array.from(start);
    const core = new Sofim(5, { blocks: [3, 2], rho: 0.01 });
    for (let i = 0; i < 20; i++) {
      core.step(weights, weights);
      optimizer.minimize(
        () => tf.mul(0.5, tf.addN(variables.map((v) => tf.sum(tf.square(v))))) as tf.Scalar,
        false,
        variables,
      );
    }
    const values = variables.flatMap((v) => [...v.dataSync()]);
    expectClose(values, weights, 1e-5);
    expect(Math.abs(values[0]! - start[0]!)).toBeGreaterThan(0.01);
    tf.dispose(variables);
    optimizer.dispose();
  });
});

describe("gradients", () => {
  it("of variables that do not exist, or of another shape, are refused before anything changes", async () => {
    const v = tf.tidy(() => tf.variable(tf.tensor1d([1, 2]), true, "there"));
    const optimizer = new SofimOptimizer();
    const gradient = tf.tensor1d([1, 1]);
    const one = tf.scalar(1);
    expect(() => optimizer.applyGradients({ nowhere: gradient })).toThrow(InvalidArgumentError);
    expect(() => optimizer.applyGradients({ there: one })).toThrow(/gradient of there.*shape \[2\]/);
    expect([...v.dataSync()]).toEqual([1, 2]);
    expect(optimizer.iterations).toBe(0);
    tf.dispose([v, gradient, one]);
  });
});

describe("the learning rate", () => {
  it("can be set between steps, within its range", () => {
    const optimizer = new SofimOptimizer({ learningRate: 0.5 });
    optimizer.learningRate = 0.25;
    expect(optimizer.learningRate).toBe(0.25);
    expect(() => {
      optimizer.learningRate = -1;
    }).toThrow(InvalidArgumentError);
    expect(optimizer.learningRate).toBe(0.25);
  });

  async function fitWith(callbacksOf: (optimizer: SofimOptimizer) => object): Promise<SofimOptimizer> {
    const optimizer = new SofimOptimizer({ learningRate: 1 });
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
    model.compile({ optimizer, loss: "meanSquaredError" });
    const x = tf.ones([6, 1]);
    await model.fit(x, x, { epochs: 3, batchSize: 2, verbose: 0, callbacks: callbacksOf(optimizer) });
    x.dispose();
    return optimizer;
  }

  it("follows a schedule per batch, per epoch, or what a callback of one's own sets", async () => {
    const seen: number[] = [];
    const record = (t: number) => {
      seen.push(t);
      return 1 / (t + 1);
    };
    expect((await fitWith((o) => scheduleLearningRate(o, record))).learningRate).toBe(1 / 9);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    seen.length = 0;
    expect((await fitWith((o) => scheduleLearningRate(o, record, "epoch"))).learningRate).toBe(1 / 3);
    expect(seen).toEqual([0, 1, 2]);
    const halving = await fitWith((o) => ({
      onEpochEnd: () => {
        o.learningRate /= 2;
      },
    }));
    expect(halving.learningRate).toBe(0.125);
    expect(() => scheduleLearningRate(halving, record, "step" as "batch")).toThrow(InvalidArgumentError);
    await expect(fitWith((o) => scheduleLearningRate(o, () => Number.NaN))).rejects.toThrow(
      InvalidArgumentError,
    );
  });

  it("is what steps are taken with", () => {
    const v = tf.tidy(() => tf.variable(tf.scalar(1)));
    const optimizer = new SofimOptimizer({ learningRate: 0, rho: 1 });
    const loss = () => tf.square(v) as tf.Scalar;
    optimizer.minimize(loss, false, [v]);
    expect(v.dataSync()[0]).toBe(1);
    optimizer.learningRate = 0.5;
    optimizer.minimize(loss, false, [v]);
    expect(v.dataSync()[0]).toBeCloseTo(1 - (0.5 * 2) / (1 + 4), 6);
    optimizer.dispose();
    v.dispose();
  });
});

describe("sums of squares by vector instructions", () => {
  const lengths = [1, 7, 15, 16, 17, 16383, 16384, 16385, 40_003];
  const scales = [1, 1e-14, 1e-20, 1e20, 1e38];

  it.each(lengths)("of %i numbers are those of a plain loop, however large these are", (length) => {
    for (const scale of scales) {
      const draw = randomSigned(length);
      const numbers = Float32Array.from({ length }, () => draw() * scale);
      const plain = numbers.reduce((sum, x) => sum + x * x, 0);
      expect(Math.abs(simd.sumOfSquares(numbers) / plain - 1), `scale ${scale}`).toBeLessThan(1e-6);
      expect(Math.abs(simd.dot(numbers, numbers) / plain - 1), `scale ${scale}`).toBeLessThan(1e-12);
    }
  });

  it("are NaN or infinite if a number is, and 0 for zeros", () => {
    const numbers = new Float32Array(20_000);
    expect(simd.sumOfSquares(numbers)).toBe(0);
    numbers[17_000] = Number.NEGATIVE_INFINITY;
    expect(simd.sumOfSquares(numbers)).toBe(Number.POSITIVE_INFINITY);
    numbers[3] = Number.NaN;
    expect(simd.sumOfSquares(numbers)).toBeNaN();
  });
});
