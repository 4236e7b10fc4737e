/** LU factors with partial pivoting. */
import { cast, type GraphBuilder, int } from "../../graph.js";
import { type Aval, product } from "../../jaxpr.js";
import { viewOf } from "../../view.js";
import { loop } from "../loop.js";
import { ofFloats } from "./floats.js";
import { COLUMNS, combine, count, ROWS, select, stack, take, unstack } from "./stack.js";

/**
 * Turn j swaps row j with the one that has the largest element in column j, divides that column below the diagonal by its
 * pivot, and takes the product of column and row from the rest.
 */
export const luRule = ofFloats("lu", ({ graph, operands, outputs }) => {
  const [factors, pivots, permutation] = outputs as [Aval, Aval, Aval];
  const [m, n] = factors.shape.slice(-2) as [number, number];
  const expand = (tensor: string, dims: readonly number[]) =>
    graph.emit("Expand", [tensor, graph.list(dims)], "int64", dims);
  const zero = graph.scalar("int64", 0);
  if (product(factors.shape) === 0) {
    const zeros = [pivots, permutation].map(({ dtype, shape }) =>
      viewOf(cast(graph, expand(zero, shape), dtype), dtype, shape),
    );
    return [operands[0]!, ...zeros];
  }
  const [matrix, rows] = [stack(graph, operands[0]!), count(graph, ROWS, m)];
  const [batch, turns] = [graph.dims(matrix)[0]!, Math.min(m, n)];
  const initial = [matrix, expand(zero, [batch, 1, turns]), expand(rows, [batch, m, 1])];
  const results = loop(graph, { turns, initial }, (turn, values) => {
    const [current, found, order] = values as [string, string, string];
    const pivot = pivotOf(graph, current, turn);
    const swap = swapped(graph, rows, turn, pivot);
    return [
      eliminate(graph, inOrder(graph, current, swap), turn),
      select(graph, "Equal", [count(graph, COLUMNS, turns), turn], [pivot, found]),
      inOrder(graph, order, swap),
    ];
  });
  return results.map((tensor, i) => {
    const aval = outputs[i]!;
    return unstack(graph, cast(graph, tensor, aval.dtype), aval);
  });
});

/** The number of the row, of those from `turn` on, with the largest element in that column: the first of equal ones. */
function pivotOf(graph: GraphBuilder, matrix: string, turn: string): string {
  const column = take(graph, matrix, COLUMNS, turn);
  const [type, dims] = [graph.type(column), graph.dims(column)];
  const size = graph.emit("Abs", [column], type, dims);
  const rows = count(graph, ROWS, dims[ROWS]!);
  const candidates = select(graph, "Less", [rows, turn], [graph.scalar(type, -1), size]);
  return graph.emit("ArgMax", [candidates], "int64", [dims[0]!, 1, 1], { axis: int(ROWS) });
}

/** `numbers` with `a` and `b` in each other's place. */
function swapped(graph: GraphBuilder, numbers: string, a: string, b: string): string {
  const others = select(graph, "Equal", [numbers, b], [a, numbers]);
  return select(graph, "Equal", [numbers, a], [b, others]);
}

/** The rows of each matrix with the numbers [batch, rows, 1]. */
function inOrder(graph: GraphBuilder, matrix: string, numbers: string): string {
  const attributes = { batch_dims: int(1) };
  return graph.emit("GatherND", [matrix, numbers], graph.type(matrix), graph.dims(matrix), attributes);
}

/** One step of Gaussian elimination. A pivot of zero is that of a column without anything to eliminate. */
function eliminate(graph: GraphBuilder, matrix: string, turn: string): string {
  const type = graph.type(matrix);
  const [rows, columns] = graph.dims(matrix).slice(ROWS) as [number, number];
  const row = take(graph, matrix, ROWS, turn);
  const pivot = take(graph, row, COLUMNS, turn);
  const divisor = select(graph, "Equal", [pivot, graph.scalar(type, 0)], [graph.scalar(type, 1), pivot]);
  const column = combine(graph, "Div", [take(graph, matrix, COLUMNS, turn), divisor]);
  const rest = combine(graph, "Sub", [matrix, combine(graph, "Mul", [column, row])]);
  const [i, j] = [count(graph, ROWS, rows), count(graph, COLUMNS, columns)];
  const right = select(graph, "Greater", [j, turn], [rest, matrix]);
  const below = select(graph, "Equal", [j, turn], [column, right]);
  return select(graph, "Greater", [i, turn], [below, matrix]);
}
