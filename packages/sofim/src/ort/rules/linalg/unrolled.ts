/**
 * Cholesky factors and triangular systems of small matrices, written out column by column: about ten nodes per column,
 * whatever the batch. This runs faster than the loops in `looped.ts`, and takes the longer to prepare the more columns there
 * are.
 */
import { type GraphBuilder, int } from "../../graph.js";
import { transposeTensor } from "../../view.js";
import { combine, ROWS, type TriangularSystem } from "./stack.js";

/** Rows and columns from the first to before the second bound. */
function part(
  graph: GraphBuilder,
  tensor: string,
  rows: readonly [number, number],
  columns: readonly [number, number],
): string {
  const lists = [
    [rows[0], columns[0]],
    [rows[1], columns[1]],
    [1, 2],
  ].map((list) => graph.list(list));
  const dims = [graph.dims(tensor)[0]!, rows[1] - rows[0], columns[1] - columns[0]];
  return graph.emit("Slice", [tensor, ...lists], graph.type(tensor), dims);
}

function joinColumns(graph: GraphBuilder, columns: readonly string[]): string {
  const [batch, rows] = graph.dims(columns[0]!) as [number, number];
  return graph.emit("Concat", columns, graph.type(columns[0]!), [batch, rows, columns.length], {
    axis: int(2),
  });
}

/** `column` below `count` zeros. */
function below(graph: GraphBuilder, count: number, column: string): string {
  if (count === 0) return column;
  const [batch, rows] = graph.dims(column) as [number, number];
  const type = graph.type(column);
  const inputs = [column, graph.list([0, count, 0, 0, 0, 0]), graph.scalar(type, 0)];
  return graph.emit("Pad", inputs, type, [batch, count + rows, 1]);
}

/** Column j is that of what is left of the matrix over the root of its pivot; then its outer square leaves. */
export function choleskyUnrolled(graph: GraphBuilder, matrix: string): string {
  const size = graph.dims(matrix)[ROWS]!;
  let rest = matrix;
  const columns: string[] = [];
  for (let j = 0; j < size; j++) {
    const left = size - j;
    const first = part(graph, rest, [0, left], [0, 1]);
    const pivot = part(graph, rest, [0, 1], [0, 1]);
    const root = graph.emit("Sqrt", [pivot], graph.type(pivot), graph.dims(pivot));
    const column = combine(graph, "Div", [first, root]);
    columns.push(below(graph, j, column));
    if (left === 1) break;
    const tail = part(graph, column, [1, left], [0, 1]);
    const square = combine(graph, "Mul", [tail, transposeTensor(graph, tail, [0, 2, 1])]);
    rest = combine(graph, "Sub", [part(graph, rest, [1, left], [1, left]), square]);
  }
  return joinColumns(graph, columns);
}

/** The last column first, which then leaves all the others. */
export function solveUnrolled(graph: GraphBuilder, { lower, right, unitDiagonal }: TriangularSystem): string {
  let rest = right;
  const [rows, size] = graph.dims(right).slice(ROWS) as [number, number];
  const columns: string[] = [];
  for (let i = size - 1; i >= 0; i--) {
    const last = part(graph, rest, [0, rows], [i, i + 1]);
    const pivot = part(graph, lower, [i, i + 1], [i, i + 1]);
    const column = unitDiagonal ? last : combine(graph, "Div", [last, pivot]);
    columns.unshift(column);
    if (i === 0) break;
    const share = combine(graph, "Mul", [column, part(graph, lower, [i, i + 1], [0, i])]);
    rest = combine(graph, "Sub", [part(graph, rest, [0, rows], [0, i]), share]);
  }
  return joinColumns(graph, columns);
}
