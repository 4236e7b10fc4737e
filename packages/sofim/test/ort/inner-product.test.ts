import { defaultDevice, init, numpy as np } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import type { Target } from "../../src/ort/graph.js";
import { engineArray, jit } from "../../src/ort/index.js";
import { typeOf } from "../../src/ort/leaf.js";
import { type Traceable, trace } from "../../src/ort/trace.js";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const squares = (axes: number[]) => (x: np.Array) => np.sum(np.square(x), axes);
const products = (axes: number[]) => (x: np.Array, y: np.Array) => np.sum(x.mul(y), axes);

async function operators(fn: Traceable, dims: number[], target: Target = "cpu") {
  const args = Array.from({ length: fn.length }, () => np.zeros(dims)).map(typeOf);
  const { graph } = await trace(fn, args, { returns: "all", target });
  return graph.nodes.map(({ op }) => op);
}

describe("a sum of products", () => {
  it.each([
    ["over all of a matrix", [784, 256], [0, 1], ["Reshape", "Reshape", "Conv", "ReduceSum"]],
    ["over the last axes", [32, 8, 8, 64], [1, 2, 3], ["Reshape", "Reshape", "Conv", "Reshape"]],
    ["over long rows", [2, 65_536], [1], ["Reshape", "Reshape", "Conv", "Reshape", "ReduceSum"]],
  ])("is a convolution %s", async (_, dims, axes, expected) => {
    expect(await operators(squares(axes) as Traceable, dims)).toEqual(expected);
    expect(await operators(products(axes) as Traceable, dims)).toEqual(expected);
  });

  it.each<[string, number[], number[], Target]>([
    ["over few elements", [100, 100], [0, 1], "cpu"],
    ["over short rows", [65_536, 4], [1], "cpu"],
    ["over the first axis", [256, 784], [0], "cpu"],
    ["over axes that others part", [16, 64, 256], [0, 2], "cpu"],
    ["of a prime number of elements", [104_729], [0], "cpu"],
    ["on wasm", [784, 256], [0, 1], "wasm"],
    ["on a GPU", [784, 256], [0, 1], "gpu"],
  ])("is none %s", async (_, dims, axes, target) => {
    expect(await operators(products(axes) as Traceable, dims, target)).not.toContain("Conv");
  });

  it.each([
    [
      [784, 256],
      [0, 1],
    ],
    [[48, 16_384], [1]],
    [
      [2, 3, 65_536],
      [1, 2],
    ],
    [
      [3, 32, 24, 64],
      [1, 2, 3],
    ],
  ])("of dimensions %j over axes %j is right to float32's last digits", async (dims, axes) => {
    const size = dims.reduce((a, b) => a * b);
    // All of one sign, so that running sums lose as much as they can.
    const x = Float32Array.from({ length: size }, (_, i) => 1.5 + Math.sin(i));
    const y = Float32Array.from({ length: size }, (_, i) => 1.5 + Math.cos(3 * i));
    const count = dims.slice(0, axes[0]).reduce((a, b) => a * b, 1);
    const exact = (u: Float32Array, v: Float32Array) =>
      Array.from({ length: count }, (_, row) => {
        const [start, length] = [(row * size) / count, size / count];
        return u.subarray(start, start + length).reduce((sum, a, i) => sum + a * v[start + i]!, 0);
      });
    const product = jit(products(axes), { threads: 2 });
    const square = jit(squares(axes), { threads: 2 });
    const results = [
      [await product(engineArray(x, dims), engineArray(y, dims)), exact(x, y)],
      [await square(engineArray(x, dims)), exact(x, x)],
    ] as const;
    for (const [actual, expected] of results) {
      actual.dataSync().forEach((value, i) => {
        expect(Math.abs(value / expected[i]! - 1)).toBeLessThan(3e-6);
      });
    }
    await Promise.all([product.dispose(), square.dispose()]);
  });

  it("lets NaN and infinity through", async () => {
    const values = new Float32Array(2 * 65_536).fill(1);
    values[3] = Number.POSITIVE_INFINITY;
    values[70_000] = Number.NaN;
    const square = jit(squares([1]), { threads: 2 });
    const sums = await square(engineArray(values, [2, 65_536]));
    expect(Array.from(sums.dataSync())).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
    await square.dispose();
  });
});
