/** `dot`: the sum over the last dimension of a broadcast product, as one matrix product where it is one. */
import { type GraphBuilder, int } from "../graph.js";
import { product } from "../jaxpr.js";
import {
  arrange,
  axesInOrder,
  layoutOrder,
  padRank,
  reshapeTensor,
  transposeTensor,
  unflip,
  type View,
  viewOf,
} from "../view.js";
import { elementwise } from "./common-layout.js";
import { converted, isFloat } from "./convert.js";
import { reduce } from "./reduce.js";
import type { Rule } from "./rule.js";

export const dotRule: Rule<"dot"> = ({ graph, operands, outputs }) => {
  const { shape, dtype } = outputs[0]!;
  const rank = shape.length;
  const [x, y] = operands.map((v) => unflip(graph, padRank(converted(graph, v, dtype), rank + 1))) as [
    View,
    View,
  ];
  const varies = (v: View, d: number) => v.axes[d] !== null;
  const dims = shape.map((_, d) => d);
  const rows = layoutOrder(x).filter((d) => d < rank && !varies(y, d));
  const columns = layoutOrder(y).filter((d) => d < rank && !varies(x, d));
  const batch = dims.filter((d) => varies(x, d) && varies(y, d));
  const isMatrixProduct =
    varies(x, rank) &&
    varies(y, rank) &&
    (batch.length === 0 || rows.length > 0 || columns.length > 0) &&
    isFloat(dtype);
  if (!isMatrixProduct) return [productSum(graph, x, y, shape, dtype)];
  const sizes = (order: readonly number[]) => order.map((d) => shape[d]!);
  const [m, n] = [product(sizes(rows)), product(sizes(columns))];
  const tensor =
    batch.length === 0
      ? gemm(graph, matrix(graph, x, rows, rank), matrix(graph, y, columns, rank), [m, n])
      : batched(graph, arrangeMatrices(graph, x, batch, rows, rank), {
          right: arrangeMatrices(graph, y, batch, columns, rank),
          dims: [...sizes(batch), m, n],
        });
  const order = [...batch, ...rows, ...columns];
  const result = reshapeTensor(graph, tensor, sizes(order));
  const axes = dims.map((d) => (order.includes(d) ? order.indexOf(d) : null));
  return [viewOf(result, dtype, shape, axes)];
};

/** The definition itself, for products that are not matrix products. */
function productSum(
  graph: GraphBuilder,
  x: View,
  y: View,
  shape: readonly number[],
  type: View["type"],
): View {
  const rank = shape.length;
  const length = Math.max(x.shape[rank]!, y.shape[rank]!);
  const terms = elementwise(graph, [x, y], type, [...shape, length], (tensors, dims) =>
    graph.emit(type === "bool" ? "And" : "Mul", tensors, type, dims),
  );
  return reduce(graph, terms, "Add", [rank]);
}

interface Matrix {
  readonly tensor: string;
  /** Whether the summed dimension comes first in a matrix that is used from its left, last from its right. */
  readonly summedFirst: boolean;
}

/** `v` as a matrix of `kept` (merged) by the summed dimension, in whichever order it lies in memory. */
function matrix(graph: GraphBuilder, v: View, kept: readonly number[], summed: number): Matrix {
  const summedFirst = kept.length > 0 && axesInOrder(v)[0] === v.axes[summed];
  const order = summedFirst ? [summed, ...kept] : [...kept, summed];
  const sizes = [product(kept.map((d) => v.shape[d]!)), v.shape[summed]!];
  return {
    tensor: reshapeTensor(graph, arrange(graph, v, order), summedFirst ? sizes.reverse() : sizes),
    summedFirst,
  };
}

function gemm(graph: GraphBuilder, left: Matrix, right: Matrix, dims: readonly [number, number]): string {
  return graph.emit("Gemm", [left.tensor, right.tensor], graph.type(left.tensor), dims, {
    transA: int(left.summedFirst ? 1 : 0),
    transB: int(right.summedFirst ? 0 : 1),
  });
}

/** `v` as matrices [...batch, kept, summed]. */
function arrangeMatrices(
  graph: GraphBuilder,
  v: View,
  batch: readonly number[],
  kept: readonly number[],
  summed: number,
): string {
  const tensor = arrange(graph, v, [...batch, ...kept, summed]);
  const sizes = batch.map((d) => v.shape[d]!);
  return reshapeTensor(graph, tensor, [...sizes, product(kept.map((d) => v.shape[d]!)), v.shape[summed]!]);
}

function batched(
  graph: GraphBuilder,
  left: string,
  { right, dims }: { readonly right: string; readonly dims: readonly number[] },
): string {
  const rank = dims.length;
  const turned = transposeTensor(graph, right, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
  return graph.emit("MatMul", [left, turned], graph.type(left), dims);
}
