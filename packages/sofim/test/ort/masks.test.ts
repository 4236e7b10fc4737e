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

const size = 200_000;
const numbers = (at: (i: number) => number) => Float32Array.from({ length: size }, (_, i) => at(i));
const control = numbers((i) => Math.sin(i));

/** Zero where the control is negative, and elsewhere. */
const whereNegative = (c: np.Array, x: np.Array) => np.where(c.less(0), 0, x);
const whereNot = (c: np.Array, x: np.Array) => np.where(c.less(0), x, 0);

async function operators(fn: Traceable, length: number, target: Target) {
  const args = [np.zeros([length]), np.zeros([length])];
  const { graph } = await trace(fn, args.map(typeOf), { returns: "all", target });
  return graph.nodes.map(({ op }) => op);
}

describe("a selection of zeros", () => {
  it("is a product where numbers are many, on a CPU", async () => {
    const expected = ["Less", "ReduceSum", "Abs", "Less", "If"];
    expect((await operators(whereNegative, size, "cpu")).toSorted()).toEqual(expected.toSorted());
    expect(await operators(whereNegative, 100, "cpu")).toContain("Where");
    expect(await operators(whereNegative, size, "gpu")).toContain("Where");
  });

  it.each([
    ["numbers", (i: number) => i - size / 2],
    ["a NaN that is left out", (i: number) => (control[i]! < 0 ? Number.NaN : i)],
    ["an infinity that is left out", (i: number) => (control[i]! < 0 ? Number.POSITIVE_INFINITY : i)],
    ["infinities of both signs", (i: number) => (i % 2 === 0 ? 1 : -1) * Number.POSITIVE_INFINITY],
    ["numbers whose sum overflows", () => 3e38],
    ["a NaN that is taken", (i: number) => (control[i]! < 0 ? i : Number.NaN)],
  ])("is a selection for %s", async (_, at) => {
    const values = numbers(at);
    const args = [engineArray(control), engineArray(values)] as const;
    const [inside, outside] = [await jit(whereNegative)(...args), await jit(whereNot)(...args)];
    const select = (isZero: boolean) =>
      numbers((i) => (control[i]! < 0 === isZero ? 0 : values[i]!)).map((x) => x + 0);
    const plain = (data: ArrayLike<number>) => Float32Array.from(data, (x) => x + 0); // no negative zeros
    expect(plain(inside.dataSync())).toEqual(select(true));
    expect(plain(outside.dataSync())).toEqual(select(false));
  });
});
