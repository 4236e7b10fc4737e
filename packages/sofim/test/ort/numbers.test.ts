import { describe, expect, it } from "vitest";
import { GraphBuilder, type Target } from "../../src/ort/graph.js";
import type { OnnxType } from "../../src/ort/model.js";
import { joinNumbers } from "../../src/ort/passes/numbers.js";

const nodes = (graph: GraphBuilder, ...outputs: string[]) =>
  joinNumbers(graph.finish(outputs), graph).nodes.map(({ op, inputs }) => [op, ...inputs]);

/** a + b and ((a + b) + c) + d of four numbers. */
function sumOfFour(graph: GraphBuilder, type: OnnxType, dims: readonly number[]) {
  const terms = Array.from({ length: 4 }, () => graph.input(type, dims)) as [string, string, string, string];
  const add = (x: string, y: string) => graph.emit("Add", [x, y], type, dims);
  const first = add(terms[0], terms[1]);
  return { terms, first, all: add(add(first, terms[2]), terms[3]) };
}

describe("single numbers", () => {
  it.each(["float32", "float64"] as const)("of %s are added up by one operator, in order", (type) => {
    const graph = new GraphBuilder();
    const { terms, all } = sumOfFour(graph, type, []);
    expect(nodes(graph, all)).toEqual([["Sum", ...terms]]);
  });

  it("are added one by one where the sum so far is used elsewhere", () => {
    const graph = new GraphBuilder();
    const { terms, first, all } = sumOfFour(graph, "float32", []);
    const [a, b, c, d] = terms;
    expect(nodes(graph, all, first)).toEqual([
      ["Add", a, b],
      ["Sum", first, c, d],
    ]);
  });

  it.each<[string, OnnxType, readonly number[], Target]>([
    ["on a GPU", "float32", [], "gpu"],
    ["where they are integers", "int32", [], "cpu"],
    ["where they are arrays", "float32", [1], "cpu"],
  ])("are added one by one %s", (_, type, dims, target) => {
    const graph = new GraphBuilder(target);
    const { all } = sumOfFour(graph, type, dims);
    expect(nodes(graph, all).map(([op]) => op)).toEqual(["Add", "Add", "Add"]);
  });
});

describe("a product with an inverse", () => {
  const inverted = (dims: readonly number[], inverseDims = dims) => {
    const graph = new GraphBuilder();
    const [x, y] = [graph.input("float32", dims), graph.input("float32", inverseDims)];
    const inverse = graph.emit("Reciprocal", [y], "float32", inverseDims);
    return { graph, x, y, inverse };
  };

  it.each([[[]], [[3, 4]]])("is a quotient, of dimensions %j", (dims) => {
    for (const isFirst of [true, false]) {
      const { graph, x, y, inverse } = inverted(dims);
      const product = graph.emit("Mul", isFirst ? [inverse, x] : [x, inverse], "float32", dims);
      expect(nodes(graph, product)).toEqual([["Div", x, y]]);
    }
  });

  it("is one although the inverse is used elsewhere, for numbers", () => {
    const { graph, x, y, inverse } = inverted([]);
    const product = graph.emit("Mul", [x, inverse], "float32", []);
    expect(nodes(graph, product, inverse)).toEqual([
      ["Reciprocal", y],
      ["Div", x, y],
    ]);
  });

  it("stays where the inverse is used elsewhere, for arrays, and where it stands for many", () => {
    const shared = inverted([3]);
    const product = shared.graph.emit("Mul", [shared.x, shared.inverse], "float32", [3]);
    expect(nodes(shared.graph, product, shared.inverse).map(([op]) => op)).toEqual(["Reciprocal", "Mul"]);
    const spread = inverted([3], []);
    const scaled = spread.graph.emit("Mul", [spread.x, spread.inverse], "float32", [3]);
    expect(nodes(spread.graph, scaled).map(([op]) => op)).toEqual(["Reciprocal", "Mul"]);
  });
});
