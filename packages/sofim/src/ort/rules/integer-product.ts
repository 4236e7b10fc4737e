/** Products over dimensions of integers, which wrap: ONNX Runtime's ReduceProd and Pow stop at the limits of the type. */
import { cast, type GraphBuilder } from "../graph.js";
import { product } from "../jaxpr.js";
import { reshapeTensor, transposeTensor, type View } from "../view.js";

/** The tensor of `v` multiplied over the given axes, to the power of `count`; both may be none, but not 0. */
export function multiplyInteger(
  graph: GraphBuilder,
  { tensor }: View,
  axes: readonly number[],
  count: number,
): string {
  const dims = graph.dims(tensor);
  const left = [...dims.keys()].filter((axis) => !axes.includes(axis));
  const sizes = left.map((axis) => dims[axis]!);
  const turned = transposeTensor(graph, tensor, [...axes, ...left]);
  const rows = reshapeTensor(graph, turned, [product(dims) / product(sizes), product(sizes)]);
  return reshapeTensor(graph, power(graph, multiplyRows(graph, rows), count), sizes);
}

/** Halves are multiplied with each other, so that it takes few nodes. */
function multiplyRows(graph: GraphBuilder, matrix: string): string {
  const [rows, columns] = graph.dims(matrix) as [number, number];
  if (rows === 1) return matrix;
  const half = Math.floor(rows / 2);
  const cut = (from: number, to: number) => {
    const bounds = [[from], [to], [0]].map((list) => graph.list(list));
    return graph.emit("Slice", [matrix, ...bounds], graph.type(matrix), [to - from, columns]);
  };
  const even = multiplyRows(graph, times(graph, cut(0, half), cut(half, 2 * half)));
  return rows % 2 === 0 ? even : times(graph, even, cut(rows - 1, rows));
}

/** By squares: as few products as `count` has digits in the binary system, twice. */
function power(graph: GraphBuilder, x: string, count: number): string {
  if (count === 1) return x;
  const even = power(graph, times(graph, x, x), Math.floor(count / 2));
  return count % 2 === 0 ? even : times(graph, even, x);
}

/** Elementwise; ONNX Runtime multiplies uint32 as int64, of which the lower half is right. */
function times(graph: GraphBuilder, x: string, y: string): string {
  const type = graph.type(x);
  const work = type === "uint32" ? "int64" : type;
  const factors = [x, y].map((factor) => cast(graph, factor, work));
  return cast(graph, graph.emit("Mul", factors, work, graph.dims(x)), type);
}
