import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../src/ort/graph.js";
import { encodeModel, type OnnxGraph } from "../../src/ort/model.js";
import { keepOnGpu } from "../../src/ort/passes/gpu.js";

const operators = ({ nodes }: OnnxGraph) => nodes.map(({ op }) => op);

/** What a graph of one output computes, on the CPU: it is to mean the same everywhere. */
async function run(graph: OnnxGraph, inputs: readonly Tensor[]): Promise<unknown[]> {
  const session = await InferenceSession.create(encodeModel(graph));
  const feeds = Object.fromEntries(graph.inputs.map(({ name }, i) => [name, inputs[i]!]));
  const results = await session.run(feeds);
  await session.release();
  return Array.from(results[graph.outputs[0]!.name]!.data as Uint8Array);
}

describe("what ONNX Runtime's WebGPU provider lacks", () => {
  it("is expressed otherwise: or", async () => {
    const builder = new GraphBuilder("gpu");
    const [x, y] = [builder.input("bool", [2, 2]), builder.input("bool", [2])];
    const graph = keepOnGpu(builder.finish([builder.emit("Or", [x, y], "bool", [2, 2])]), builder);
    expect(operators(graph)).toEqual(["Not", "Not", "And", "Not"]);
    const inputs = [new Tensor("bool", [0, 0, 1, 1], [2, 2]), new Tensor("bool", [0, 1], [2])];
    expect(await run(graph, inputs)).toEqual([0, 1, 1, 1]);
  });

  it("is expressed otherwise: tests for NaN", async () => {
    const builder = new GraphBuilder("gpu");
    const x = builder.input("float32", [4]);
    const graph = keepOnGpu(builder.finish([builder.emit("IsNaN", [x], "bool", [4])]), builder);
    expect(operators(graph)).toEqual(["LessOrEqual", "Not"]);
    const values = Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    expect(await run(graph, [new Tensor("float32", values, [4])])).toEqual([0, 1, 0, 0]);
  });

  it("stays as it is for a CPU", () => {
    const builder = new GraphBuilder("cpu");
    const x = builder.input("float32", [4]);
    const graph = builder.finish([builder.emit("IsNaN", [x], "bool", [4])]);
    expect(keepOnGpu(graph, builder)).toBe(graph);
  });
});
