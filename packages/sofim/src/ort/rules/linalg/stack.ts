/** Stacks of matrices [batch, rows, columns], and operators that broadcast among them. */
import { type GraphBuilder, int } from "../../graph.js";
import { type Aval, product } from "../../jaxpr.js";
import type { OnnxType } from "../../model.js";
import { dense, reshape, reshapeTensor, type View, viewOf } from "../../view.js";

export const ROWS = 1;
export const COLUMNS = 2;
export type Axis = typeof ROWS | typeof COLUMNS;

/** X L = B with L lower triangular, to be solved for X. */
export interface TriangularSystem {
  readonly lower: string;
  readonly right: string;
  /** Whether the diagonal of L is to be read as ones. */
  readonly unitDiagonal: boolean;
}

/** The last two dimensions as matrices, all others as one. */
export function stack(graph: GraphBuilder, v: View): string {
  const [rows, columns] = v.shape.slice(-2) as [number, number];
  return reshapeTensor(graph, dense(graph, v), [product(v.shape.slice(0, -2)), rows, columns]);
}

/** A stack as a view of `shape`. */
export function unstack(graph: GraphBuilder, tensor: string, { dtype, shape }: Aval): View {
  return reshape(graph, viewOf(tensor, dtype, graph.dims(tensor)), shape);
}

/** An operator on stacks of which one may have a single matrix, row or column where another has many. */
export function combine(
  graph: GraphBuilder,
  op: string,
  stacks: readonly string[],
  type: OnnxType = graph.type(stacks.at(-1)!),
): string {
  const dims = [-3, -2, -1].map((axis) => Math.max(...stacks.map((name) => graph.dims(name).at(axis) ?? 1)));
  return graph.emit(op, stacks, type, dims);
}

/** The rows or columns with the given numbers. */
export function take(graph: GraphBuilder, tensor: string, axis: Axis, indices: string): string {
  const dims = graph.dims(tensor).with(axis, graph.dims(indices)[0]!);
  return graph.emit("Gather", [tensor, indices], graph.type(tensor), dims, { axis: int(axis) });
}

/** 0, 1, 2, ... along an axis. */
export function count(graph: GraphBuilder, axis: Axis, size: number): string {
  const dims = [1, 1, 1].with(axis, size);
  return graph.constant(
    "int64",
    dims,
    BigInt64Array.from({ length: size }, (_, i) => BigInt(i)),
  );
}

/** The first of two stacks where a comparison of numbers holds, else the second. */
export function select(
  graph: GraphBuilder,
  comparison: "Less" | "Equal" | "Greater",
  numbers: readonly [string, string],
  sides: readonly [string, string],
): string {
  return combine(graph, "Where", [combine(graph, comparison, numbers, "bool"), ...sides]);
}

/** Where the diagonal of a square matrix is. */
export const diagonal = (graph: GraphBuilder, size: number): string =>
  combine(graph, "Equal", [count(graph, ROWS, size), count(graph, COLUMNS, size)], "bool");
