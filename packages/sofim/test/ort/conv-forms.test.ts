import { defaultDevice, grad, init, lax, numpy as np } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import type { Target } from "../../src/ort/graph.js";
import { typeOf } from "../../src/ort/leaf.js";
import { type Traceable, trace } from "../../src/ort/trace.js";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const conv = (x: np.Array, w: np.Array) => lax.convGeneralDilated(x, w, [1, 1], "SAME");
const byKernels = (x: np.Array, w: np.Array) => grad((k: np.Array) => np.sum(np.sin(conv(x.ref, k))))(w);
const byImages = (x: np.Array, w: np.Array) => grad((y: np.Array) => np.sum(np.sin(conv(y, w.ref))))(x);

/** Operators of the lowered function, and the shape of what each convolution reads. */
async function lowered(fn: Traceable, channels: number, target: Target = "cpu") {
  const args = [np.zeros([8, channels, 12, 12]), np.zeros([channels, channels, 3, 3])];
  const { graph } = await trace(fn, args.map(typeOf), { returns: "all", target });
  return graph.nodes.map(({ op }) => op);
}

const count = (ops: readonly string[], op: string) => ops.filter((name) => name === op).length;

describe("the form of a convolution", () => {
  it("takes the batch into the width on a CPU", async () => {
    expect(await lowered(conv, 4)).toEqual(["Transpose", "Reshape", "Conv", "Reshape", "Transpose"]);
  });

  it("leaves kernels that are constants, and a GPU's, to ONNX Runtime", async () => {
    const kernels = np.zeros([4, 4, 3, 3]);
    expect(await lowered((x: np.Array) => conv(x, kernels.ref), 4)).toEqual(["Conv"]);
    expect(await lowered(conv, 4, "gpu")).toEqual(["Conv"]);
    kernels.dispose();
  });

  it("is a convolution for the gradient by many kernels, a product for few, products for one channel", async () => {
    const many = await lowered(byKernels, 16);
    expect([count(many, "Conv"), count(many, "Gemm")]).toEqual([2, 0]);
    const few = await lowered(byKernels, 4);
    expect([count(few, "Conv"), count(few, "Gemm")]).toEqual([1, 1]);
    const one = await lowered(byKernels, 1);
    expect([count(one, "Conv"), count(one, "Gemm")]).toEqual([1, 9]);
  });

  it("is a product for each row for the gradient by kernels on a GPU", async () => {
    const onGpu = await lowered(byKernels, 4, "gpu");
    expect([count(onGpu, "Conv"), count(onGpu, "MatMul")]).toEqual([1, 1]);
  });

  it("is a transposed convolution for the gradient by images of few channels", async () => {
    expect(count(await lowered(byImages, 4), "ConvTranspose")).toBe(1);
    expect(count(await lowered(byImages, 16), "ConvTranspose")).toBe(0);
    expect(count(await lowered(byImages, 4, "gpu"), "ConvTranspose")).toBe(0);
  });
});
