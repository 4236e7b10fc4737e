/** Cholesky factors and triangular systems of any size, as loops over the columns. */
import type { GraphBuilder } from "../../graph.js";
import { transposeTensor } from "../../view.js";
import { loop } from "../loop.js";
import { COLUMNS, combine, count, ROWS, select, type TriangularSystem, take } from "./stack.js";

/** Column j is that of what is left of the matrix over the root of its pivot; then its outer square leaves. */
export function choleskyLooped(graph: GraphBuilder, matrix: string): string {
  const [type, size] = [graph.type(matrix), graph.dims(matrix)[ROWS]!];
  const [rows, columns] = [count(graph, ROWS, size), count(graph, COLUMNS, size)];
  const [factor] = loop(graph, { turns: size, initial: [matrix] }, (turn, [rest]) => {
    const whole = take(graph, rest!, COLUMNS, turn);
    const pivot = take(graph, whole, ROWS, turn);
    const scaled = combine(graph, "Div", [whole, graph.emit("Sqrt", [pivot], type, graph.dims(pivot))]);
    const isAbove = combine(graph, "Less", [rows, turn], "bool");
    const column = combine(graph, "Where", [isAbove, graph.scalar(type, 0), scaled]);
    const square = combine(graph, "Mul", [column, transposeTensor(graph, column, [0, 2, 1])]);
    const others = select(graph, "Greater", [columns, turn], [combine(graph, "Sub", [rest!, square]), rest!]);
    return [select(graph, "Equal", [columns, turn], [column, others])];
  });
  return factor!;
}

/** The last column first, which then leaves all the others. */
export function solveLooped(graph: GraphBuilder, { lower, right, unitDiagonal }: TriangularSystem): string {
  const size = graph.dims(right)[COLUMNS]!;
  const columns = count(graph, COLUMNS, size);
  const [solution] = loop(graph, { turns: size, initial: [right], fixed: [lower] }, (turn, [rest]) => {
    const at = graph.emit("Sub", [graph.list([size - 1]), turn], "int64", [1]);
    const last = take(graph, rest!, COLUMNS, at);
    const row = take(graph, lower, ROWS, at);
    const column = unitDiagonal ? last : combine(graph, "Div", [last, take(graph, row, COLUMNS, at)]);
    const left = combine(graph, "Sub", [rest!, combine(graph, "Mul", [column, row])]);
    const others = select(graph, "Less", [columns, at], [left, rest!]);
    return [select(graph, "Equal", [columns, at], [column, others])];
  });
  return solution!;
}
