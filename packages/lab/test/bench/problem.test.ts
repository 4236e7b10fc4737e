import { defaultDevice, init } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { networkNames } from "../../src/bench/networks.js";
import { BenchProblem } from "../../src/bench/problem.js";
import { toTorchWeights } from "../../src/bench/torch-weights.js";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

/** Compared as bytes: element by element a test runner takes seconds. */
function bytes(data: ArrayBufferView): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

describe.each(networkNames)("BenchProblem of %s", (network) => {
  it("gives everybody the same batches and weights", async () => {
    const [one, other] = [await BenchProblem.create(network), await BenchProblem.create(network)];
    expect(bytes(one.pool.images).equals(bytes(other.pool.images))).toBe(true);
    expect(bytes(one.pool.labels).equals(bytes(other.pool.labels))).toBe(true);
    const [weights, others] = await Promise.all(
      [one, other].map((problem) => toTorchWeights(problem.initialParams())),
    );
    expect(weights!.tensors).toEqual(others!.tensors);
    expect(bytes(weights!.data).equals(bytes(others!.data))).toBe(true);
  });

  it("cuts the pool into batches and begins again after the last", async () => {
    const problem = await BenchProblem.create(network);
    const { batchSize, model, pool } = problem;
    const pixels = model.inputShape.reduce((product, dim) => product * dim, 1);
    const count = pool.labels.length / batchSize;
    expect(pool.images).toHaveLength(pool.labels.length * pixels);
    for (const index of [0, count - 1]) {
      const { images, labels } = problem.batch(index);
      expect(labels).toEqual(pool.labels.slice(index * batchSize, (index + 1) * batchSize));
      const wanted = pool.images.slice(index * batchSize * pixels, (index + 1) * batchSize * pixels);
      expect(bytes(images).equals(bytes(wanted))).toBe(true);
    }
    expect(bytes(problem.batch(count).images).equals(bytes(problem.batch(0).images))).toBe(true);
    expect(new Set(pool.labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });
});

describe("toTorchWeights", () => {
  it("lays dense weights out as PyTorch does", async () => {
    const params = (await BenchProblem.create("mlp")).initialParams();
    const fc3 = await params.fc3!.weight.ref.data();
    const { tensors, data } = await toTorchWeights(params);
    expect(tensors.at(-2)).toEqual({ name: "fc3.weight", shape: [10, 128] });
    const values = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    const written = values.subarray(values.length - 10 - 1280, values.length - 10);
    for (const [out, input] of [
      [0, 0],
      [0, 1],
      [7, 5],
      [9, 127],
    ] as const) {
      expect(written[out * 128 + input]).toBe(fc3[input * 10 + out]);
    }
  });

  it("names a normalized layer's convolution and normalization", async () => {
    const { tensors } = await toTorchWeights((await BenchProblem.create("resnet9")).initialParams());
    expect(tensors.slice(0, 3)).toEqual([
      { name: "prep.conv.weight", shape: [16, 3, 3, 3] },
      { name: "prep.norm.weight", shape: [16] },
      { name: "prep.norm.bias", shape: [16] },
    ]);
    expect(tensors).toHaveLength(8 * 3 + 2);
    expect(tensors.at(-1)).toEqual({ name: "fc.bias", shape: [10] });
  });
});
