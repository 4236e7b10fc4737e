import { describe, expect, it } from "vitest";
import { GraphBuilder, int, ints } from "../../src/ort/graph.js";
import { fuseProducts } from "../../src/ort/passes/products.js";

const rows = [2, 3];
const product = [3, 4];

/** s (A' B), A [2, 3], B [2, 4], to be transposed or added to. */
function scaledProduct(graph: GraphBuilder, factor: string): string {
  const [a, b] = [graph.input("float32", rows), graph.input("float32", [2, 4])];
  const gemm = graph.emit("Gemm", [a, b], "float32", product, { transA: int(1), transB: int(0) });
  return graph.emit("Mul", [gemm, factor], "float32", product);
}

const transposed = (graph: GraphBuilder, x: string) =>
  graph.emit("Transpose", [x], "float32", graph.dims(x).toReversed(), { perm: ints([1, 0]) });

const ops = (graph: GraphBuilder, ...outputs: string[]) =>
  fuseProducts(graph.finish(outputs), graph).nodes.map(({ op }) => op);

describe("fuseProducts", () => {
  it("turns a transposed, scaled product around", () => {
    const graph = new GraphBuilder();
    const out = transposed(graph, scaledProduct(graph, graph.input("float32", [])));
    const { nodes, outputs } = fuseProducts(graph.finish([out]), graph);
    expect(nodes.map(({ op }) => op)).toEqual(["Gemm", "Mul"]);
    expect(nodes[0]).toMatchObject({
      inputs: ["v2", "v1"],
      attributes: { transA: { value: 1 }, transB: { value: 0 } },
    });
    expect(nodes[1]!.outputs).toEqual(outputs.map(({ name }) => name));
  });

  it("turns a transposed product around that nothing scales", () => {
    const graph = new GraphBuilder();
    const [a, b] = [graph.input("float32", rows), graph.input("float32", [2, 4])];
    const gemm = graph.emit("Gemm", [a, b], "float32", product, { transA: int(1), transB: int(0) });
    const [node, ...others] = fuseProducts(graph.finish([transposed(graph, gemm)]), graph).nodes;
    expect(others).toEqual([]);
    expect(node).toMatchObject({ op: "Gemm", inputs: [b, a], attributes: { transA: { value: 1 } } });
  });

  it("makes a moving average of a product, transposed or not, one product", () => {
    for (const turn of [false, true]) {
      const graph = new GraphBuilder();
      const scaled = scaledProduct(graph, graph.scalar("float32", 0.25));
      const update = turn ? transposed(graph, scaled) : scaled;
      const moment = graph.input("float32", graph.dims(update));
      const kept = graph.emit("Mul", [moment, graph.scalar("float32", 0.75)], "float32", graph.dims(update));
      const out = graph.emit("Add", [kept, update], "float32", graph.dims(update));
      const { nodes, initializers } = fuseProducts(graph.finish([out]), graph);
      expect(nodes).toHaveLength(1);
      expect(nodes[0]).toMatchObject({
        op: "Gemm",
        attributes: { alpha: { kind: "float", value: 0.25 }, beta: { kind: "float", value: 0.75 } },
      });
      expect(nodes[0]!.inputs[2]).toBe(moment);
      expect(initializers).toEqual([]);
    }
  });

  it.each([[[4]], [[1, 4]], [[3, 1]], [[]]])("takes a bias of dimensions %j in", (dims) => {
    const graph = new GraphBuilder();
    const scaled = scaledProduct(graph, graph.scalar("float32", 2));
    const bias = graph.input("float32", dims);
    const { nodes } = fuseProducts(
      graph.finish([graph.emit("Add", [scaled, bias], "float32", product)]),
      graph,
    );
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({ op: "Gemm", attributes: { alpha: { value: 2 }, beta: { value: 1 } } });
    expect(nodes[0]!.inputs[2]).toBe(bias);
  });

  it("adds no product to what is larger than it", () => {
    const graph = new GraphBuilder();
    const gemm = scaledProduct(graph, graph.scalar("float32", 2));
    const sum = graph.emit("Add", [gemm, graph.input("float32", [2, 3, 4])], "float32", [2, 3, 4]);
    expect(ops(graph, sum)).toEqual(["Gemm", "Mul", "Add"]);
  });

  /** A sum over rows, times `factor`, as `reduce` and a moving average make it. */
  const scaledSum = (graph: GraphBuilder, factor: string) => {
    const row = graph.emit("Expand", [graph.scalar("float32", 2), graph.list([1, 3])], "float32", [1, 3]);
    const product = graph.emit("MatMul", [row, graph.input("float32", [3, 4])], "float32", [1, 4]);
    const sum = graph.emit("Reshape", [product, graph.list([4])], "float32", [4]);
    return { sum, scaled: graph.emit("Mul", [sum, factor], "float32", [4]) };
  };

  it("takes the factor of a sum over rows into the row that sums them", () => {
    const graph = new GraphBuilder();
    const { scaled } = scaledSum(graph, graph.scalar("float32", 0.25));
    const { nodes } = fuseProducts(graph.finish([scaled]), graph);
    expect(nodes.map(({ op }) => op)).toEqual(["Expand", "MatMul", "Reshape"]);
    expect(graph.scalarValue(nodes[0]!.inputs[0]!)).toBe(0.5);
    expect(nodes[2]!.outputs).toEqual([scaled]);
  });

  it("leaves the factor of such a sum where it is not constant, or the sum is used elsewhere", () => {
    const operators = ["Expand", "MatMul", "Reshape", "Mul"];
    const graph = new GraphBuilder();
    expect(ops(graph, scaledSum(graph, graph.input("float32", [])).scaled)).toEqual(operators);
    const other = new GraphBuilder();
    const { sum, scaled } = scaledSum(other, other.scalar("float32", 0.25));
    expect(ops(other, scaled, sum)).toEqual(operators);
  });

  it("leaves a product alone that is used elsewhere", () => {
    const graph = new GraphBuilder();
    const scaled = scaledProduct(graph, graph.input("float32", []));
    expect(ops(graph, transposed(graph, scaled), scaled)).toEqual(["Gemm", "Mul", "Transpose"]);
  });

  it("leaves factors alone that are not constant, or not the same everywhere", () => {
    const graph = new GraphBuilder();
    const scaled = scaledProduct(graph, graph.input("float32", [4]));
    expect(ops(graph, transposed(graph, scaled))).toEqual(["Gemm", "Mul", "Transpose"]);
    const other = new GraphBuilder();
    const average = other.emit(
      "Add",
      [scaledProduct(other, other.input("float32", [])), other.input("float32", product)],
      "float32",
      product,
    );
    expect(ops(other, average)).toEqual(["Gemm", "Mul", "Add"]);
  });
});
