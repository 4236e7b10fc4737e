import { defaultDevice, grad, init, numpy as np } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { GraphBuilder } from "../../src/ort/graph.js";
import { engineArray, jit } from "../../src/ort/index.js";
import { typeOf } from "../../src/ort/leaf.js";
import { mergeSelections } from "../../src/ort/passes/selections.js";
import { type Traceable, trace } from "../../src/ort/trace.js";

const dims = [4, 6];

/** c ? s : v, or c ? v : s. */
function select(graph: GraphBuilder, value: string, number: string, when: boolean): string {
  const condition = graph.input("bool", graph.dims(value));
  const sides = when ? [number, value] : [value, number];
  return graph.emit("Where", [condition, ...sides], "float32", graph.dims(value));
}

const ops = (graph: GraphBuilder, ...outputs: string[]) =>
  mergeSelections(graph.finish(outputs), graph).nodes.map(({ op }) => op);

describe("mergeSelections", () => {
  it.each([
    [true, true, ["Or", "Where"]],
    [false, false, ["And", "Where"]],
    [true, false, ["Not", "And", "Where"]],
    [false, true, ["Not", "Or", "Where"]],
  ] as const)("combines conditions that take the number when %s and when %s", (outer, inner, expected) => {
    const graph = new GraphBuilder();
    const zero = graph.scalar("float32", 0);
    const within = select(graph, graph.input("float32", dims), zero, inner);
    expect(ops(graph, select(graph, within, zero, outer))).toEqual(expected);
  });

  it("sees through a change of shape", () => {
    const graph = new GraphBuilder();
    const zero = graph.scalar("float32", 0);
    const within = select(graph, graph.input("float32", dims), zero, true);
    const reshaped = graph.emit("Reshape", [within, graph.list([2, 12])], "float32", [2, 12]);
    expect(ops(graph, select(graph, reshaped, zero, true))).toEqual(["Reshape", "Or", "Where", "Reshape"]);
  });

  it("leaves alone what selects another number, and what is used elsewhere", () => {
    const graph = new GraphBuilder();
    const [zero, one] = [graph.scalar("float32", 0), graph.scalar("float32", 1)];
    const within = select(graph, graph.input("float32", dims), zero, true);
    expect(ops(graph, select(graph, within, one, true))).toEqual(["Where", "Where"]);
    expect(ops(graph, select(graph, within, zero, true), within)).toEqual(["Where", "Where"]);
  });
});

describe("the gradient of a maximum of rectified values", () => {
  beforeAll(async () => {
    await init("wasm");
    defaultDevice("wasm");
  });

  const pooled = (x: np.Array) => np.max(np.maximum(x, 0).reshape([3, 2, 4, 2]), [1, 3]);
  const slope = grad((x: np.Array) => np.sum(pooled(x).mul(3)));
  // Windows with one positive number, with none, with a tie, and with NaN.
  const rows = [1, -1, 2, 2, 0, 0, -3, -4, -1, 0.5, 2, 1, -0, 0, 3, Number.NaN];
  const values = Float32Array.from({ length: 48 }, (_, i) => rows[i % 16]! * (i < 16 ? 1 : 0.7));

  it("selects once, and is what jax-js has", async () => {
    const { graph } = await trace(slope as Traceable, [np.zeros([6, 8])].map(typeOf), {
      returns: "all",
      target: "cpu",
    });
    const selections = graph.nodes.filter(({ op }) => op === "Where");
    const expected = await slope(np.array(values.slice(), { shape: [6, 8] })).data();
    const compiled = jit(slope, { threads: 1 });
    const actual = await compiled(engineArray(values, [6, 8]));
    await compiled.dispose();
    // One for the gradient; the other keeps NaN in the maximum.
    expect(selections).toHaveLength(2);
    expect(Array.from(await actual.data())).toEqual(Array.from(expected));
  });
});
