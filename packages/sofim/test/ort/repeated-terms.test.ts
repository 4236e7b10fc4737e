import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../src/ort/graph.js";
import type { OnnxType } from "../../src/ort/model.js";
import { mergeRepeatedTerms } from "../../src/ort/passes/repeated-terms.js";

const dims = [8, 100];

/** s x with s of dimensions `small`, and something to add it to. */
function scaledArray(small: readonly number[], type: OnnxType = "float32") {
  const graph = new GraphBuilder();
  const [a, s, x] = [graph.input(type, dims), graph.input(type, small), graph.input(type, dims)];
  const add = (...terms: [string, string]) => graph.emit("Add", terms, type, dims);
  return { graph, a, s, x, add, term: graph.emit("Mul", [s, x], type, dims) };
}

const nodes = (graph: GraphBuilder, ...outputs: string[]) =>
  mergeRepeatedTerms(graph.finish(outputs), graph).nodes.map(({ op, inputs }) => [op, ...inputs]);
const operators = (graph: GraphBuilder, ...outputs: string[]) => nodes(graph, ...outputs).map(([op]) => op);

describe("a scaled array that a sum has twice", () => {
  it.each([[[8, 1]], [[]]])("is added once, with twice the scale, of dimensions %j", (small) => {
    for (const order of ["(a + t) + t", "t + (t + a)"]) {
      const { graph, a, s, x, add, term } = scaledArray(small);
      const sum = order === "(a + t) + t" ? add(add(a, term), term) : add(term, add(term, a));
      const [double, scale, plus] = nodes(graph, sum);
      expect(double!.slice(0, 2)).toEqual(["Mul", s]);
      expect(graph.scalarValue(double![2]!)).toBe(2);
      expect([scale!.at(-1), plus!.slice(0, 2)]).toEqual([x, ["Add", a]]);
    }
  });

  it.each<[string, readonly number[], OnnxType]>([
    ["is as large as its scale", dims, "float32"],
    ["is one of integers", [8, 1], "int32"],
    ["is of a type that has no constants", [8, 1], "float16"],
  ])("is added twice where it %s", (_, small, type) => {
    const { graph, a, add, term } = scaledArray(small, type);
    expect(operators(graph, add(add(a, term), term))).toEqual(["Mul", "Add", "Add"]);
  });

  it("is added twice where it or the sum is used elsewhere", () => {
    const { graph, a, add, term } = scaledArray([8, 1]);
    const once = add(a, term);
    const twice = add(once, term);
    expect(operators(graph, twice, term)).toEqual(["Mul", "Add", "Add"]);
    expect(operators(graph, twice, once)).toEqual(["Mul", "Add", "Add"]);
  });
});
