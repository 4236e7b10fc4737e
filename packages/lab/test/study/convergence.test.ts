import { describe, expect, it } from "vitest";
import { gatherBatch } from "../../src/data/batch.js";
import { Random } from "../../src/data/random.js";
import { type ConvergenceStudy, studyConvergence } from "../../src/study/convergence.js";
import { renderConvergenceChart } from "../../src/study/convergence-chart.js";
import { indexRange, openDeviceImages } from "../../src/study/device-images.js";
import { compileFullObjective } from "../../src/study/full-objective.js";
import { secondMoments, Whitening } from "../../src/study/whitening.js";
import { findWorkload } from "../../src/workloads/workloads.js";
import { plainSoftmaxRegression } from "../train/plain-softmax-regression.js";
import { tinyDataset } from "../train/tiny-dataset.js";

const workload = findWorkload("mnist-logreg");

describe("the objective over all images", () => {
  it("equals softmax regression in plain float64, value and gradient", async () => {
    const { train } = tinyDataset(37, 1);
    const set = await openDeviceImages(train, workload.normalization);
    const objective = compileFullObjective(workload, set, 1);
    const random = new Random(4);
    const weights = Float64Array.from({ length: 7850 }, () => random.uniform(-0.05, 0.05));
    const { value, gradient } = await objective.evaluate(weights);
    await objective.dispose();

    const images = new Float32Array(37 * 784);
    const labels = new Int32Array(37);
    gatherBatch(train, indexRange(0, 37), workload.normalization, images, labels);
    const params = { weight: weights.subarray(0, 7840), bias: weights.subarray(7840) };
    const plain = plainSoftmaxRegression(params, images, labels, workload.l2);
    // jax-js rounds the constants of a traced function, 1 / batch and l2 / 2, to float32.
    expect(Math.abs(value / plain.loss - 1)).toBeLessThan(1e-7);
    const expected = [...plain.weight, ...plain.bias];
    const error = Math.hypot(...expected.map((g, i) => g - gradient[i]!));
    expect(error).toBeLessThan(1e-7 * Math.hypot(...expected));
  });
});

describe("whitening", () => {
  it("turns S / classes + l2 I into the identity", async () => {
    const set = await openDeviceImages(tinyDataset(40, 1).train, workload.normalization);
    const size = 785;
    const moments = await secondMoments(set, 1);
    const [l2, classes] = [0.1, 3];
    const whitening = new Whitening(moments, classes, l2);
    const random = new Random(9);
    const u = Float64Array.from({ length: size * classes }, () => random.uniform(-1, 1));
    const w = whitening.toWeights(u);
    const curved = w.map((_, k) => {
      const [row, c] = [Math.floor(k / classes), k % classes];
      let sum = l2 * w[k]!;
      for (let j = 0; j < size; j++) sum += (moments[row * size + j]! / classes) * w[j * classes + c]!;
      return sum;
    });
    const back = whitening.toGradient(curved);
    expect(Math.hypot(...back.map((x, i) => x - u[i]!))).toBeLessThan(1e-9 * Math.hypot(...u));
  });
});

describe("the convergence study", () => {
  it("finds the optimum, and SOFIM reaches it once the batch is all images", async () => {
    const lines: string[] = [];
    const study = await studyConvergence({
      workload: { ...workload, l2: 0.1 },
      dataset: tinyDataset(200, 1),
      settings: {
        batchSize: 20,
        epochs: 30,
        firstEpochs: 5,
        fullSteps: 400,
        warmup: 50,
        full: { learningRate: 0.2, rho: 0.5, beta: 0.9 },
      },
      threads: 1,
      onProgress: (line) => void lines.push(line),
    });
    expect(study.optimum.status).toBe("converged");
    expect(study.optimum.gradientNorm).toBeLessThan(1e-7);
    const [constant, cosine, full] = study.runs.map(({ points }) => points.at(-1)!);
    expect([constant!.epoch, cosine!.epoch, full!.epoch]).toEqual([30, 30, 405]);
    // Nothing is below the optimum.
    for (const { points } of study.runs) expect(points.every(({ gap }) => gap > -1e-6)).toBe(true);
    expect(cosine!.gap).toBeLessThan(constant!.gap / 5);
    expect(Math.abs(full!.gap)).toBeLessThan(1e-5);
    expect(study.predicted[0]).toEqual(study.runs[2]!.points.find(({ epoch }) => epoch === 5));
    expect(lines.length).toBeGreaterThan(10);

    const svg = await renderConvergenceChart(study);
    for (const { title } of study.runs) expect(svg).toContain(title);
    expect(svg.match(/mark-line/g)!.length).toBeGreaterThanOrEqual(3);
  });

  it("draws gaps of zero nowhere, as a logarithmic axis has no place for them", async () => {
    const points = [0.1, 0.01, 0, -1e-9].map((gap, i) => ({ epoch: i + 1, gap }));
    const study = {
      runs: [{ title: "made up", seconds: 1, points }],
      predicted: [],
    } as unknown as ConvergenceStudy;
    expect(await renderConvergenceChart(study)).not.toMatch(/NaN|Infinity/);
  });
});
