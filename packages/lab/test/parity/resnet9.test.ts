import { readFile } from "node:fs/promises";
import { defaultDevice, init, type numpy as np } from "@jax-js/jax";
import { type GradientTransformation, sgd, sofim } from "sofim";
import { type EngineArray, engineArray, jit } from "sofim/ort";
import { beforeAll, describe, expect, it } from "vitest";
import { gatherBatch } from "../../src/data/index.js";
import { type ModelParams, resnet9, type Statistics } from "../../src/models/index.js";
import { evaluate } from "../../src/train/evaluate.js";
import { makeMeasuringStep } from "../../src/train/measuring-step.js";
import { toEngine } from "../../src/train/session.js";
import { readTensors, type Tensor } from "./fixture.js";

/** What tools/pytorch/resnet9_fixture.py wrote. */
interface Fixture {
  readonly narrowest: number;
  readonly imageShape: readonly [number, number, number];
  readonly images: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly normalization: { readonly mean: number; readonly std: number };
  readonly optimizers: {
    readonly sgd: { readonly learningRate: number; readonly momentum: number };
    readonly sofim: { readonly learningRate: number; readonly beta: number; readonly rho: number };
  };
  readonly tensors: readonly Tensor[];
  readonly runs: Readonly<Record<"sgd" | "sofim", Run>>;
}

interface Run {
  readonly losses: readonly number[];
  readonly evaluationLoss: number;
  readonly running: Readonly<
    Record<string, { readonly mean: readonly number[]; readonly variance: readonly number[] }>
  >;
}

const folder = new URL("../fixtures/resnet9/", import.meta.url);
const fixture: Fixture = JSON.parse(await readFile(new URL("trajectories.json", folder), "utf8"));
const { batchSize, imageShape, steps, optimizers } = fixture;
const model = resnet9({ inputShape: imageShape, classes: 10 }, fixture.narrowest / 64);
const set = await readImages();
const perChannel = (value: number) => Array.from({ length: imageShape[0] }, () => value);
const normalization = {
  mean: perChannel(fixture.normalization.mean),
  std: perChannel(fixture.normalization.std),
};

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

async function readImages() {
  const bytes = new Uint8Array(await readFile(new URL("images.bin", folder)));
  const [channels, height, width] = imageShape;
  const labelsAt = bytes.length - fixture.images;
  const [images, labels] = [bytes.subarray(0, labelsAt), bytes.subarray(labelsAt)];
  return { count: fixture.images, channels, height, width, images, labels };
}

function batchAt(step: number) {
  const start = (step * batchSize) % fixture.images;
  const indices = Uint32Array.from({ length: batchSize }, (_, i) => start + i);
  const images = new Float32Array((batchSize * set.images.length) / set.count);
  const labels = new Int32Array(batchSize);
  gatherBatch(set, indices, normalization, images, labels);
  return [engineArray(images, [batchSize, ...imageShape]), engineArray(labels)] as const;
}

async function initialParams(): Promise<ModelParams> {
  const params = await readTensors(new URL("weights.bin", folder), fixture.tensors);
  return params as ModelParams;
}

async function trainAs(optimizer: GradientTransformation) {
  const step = jit(makeMeasuringStep(model, 0, optimizer, true), { threads: 1 });
  let [params, state, running] = [
    toEngine(await initialParams()),
    toEngine(optimizer.init(await initialParams())),
    toEngine(model.initStatistics()),
  ];
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    let loss: EngineArray;
    [loss, params, state, running] = await step(params, state, running, ...batchAt(i));
    losses.push(loss.item());
  }
  expect(step.info().compilations).toBe(1);
  await step.dispose();
  return { losses, params, running };
}

/** Cross-entropy of the first batch, normalized by the running statistics. */
async function evaluationLoss({ params, running }: Awaited<ReturnType<typeof trainAs>>): Promise<number> {
  const logits = jit((p: ModelParams, statistics: Statistics, x: np.Array) => model.apply(p, statistics, x), {
    threads: 1,
  });
  const score = await evaluate(
    async (x) => (await logits(params, running, engineArray(x, [batchSize, ...imageShape]))).data(),
    { ...set, count: batchSize },
    batchSize,
    normalization,
  );
  await logits.dispose();
  return score!.loss;
}

describe("20 ResNet-9 steps from PyTorch's weights", () => {
  const cases = { sgd: () => sgd(optimizers.sgd), sofim: () => sofim(optimizers.sofim) };

  it.each(["sgd", "sofim"] as const)("%s has PyTorch's losses and running statistics", async (name) => {
    const wanted = fixture.runs[name];
    const found = await trainAs(cases[name]());
    // Rounding moves losses and statistics by less than 1e-6 (the fixture's generator prints it). 1e-4 is a tenth of what the
    // project promises.
    expectClose(found.losses, wanted.losses, 1e-4);
    expectClose([await evaluationLoss(found)], [wanted.evaluationLoss], 1e-4);
    expect(Object.keys(found.running)).toEqual(Object.keys(wanted.running));
    for (const [layer, { mean, variance }] of Object.entries(wanted.running)) {
      const { mean: foundMean, variance: foundVariance } = found.running[layer]!;
      expectClose([...(await foundMean.data())], mean, 1e-4);
      expectClose([...(await foundVariance.data())], variance, 1e-4);
    }
  });
});

/** Differences relative to the largest of the wanted values. */
function expectClose(found: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(found).toHaveLength(wanted.length);
  const scale = Math.max(...wanted.map(Math.abs));
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!) / scale).toBeLessThan(tolerance);
  });
}
