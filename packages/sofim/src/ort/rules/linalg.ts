/**
 * Factorizations of small matrices. ONNX has no operators for them and a graph has no loops, so the column
 * by column algorithms are written out: about ten nodes per column, whatever the batch.
 */
import { type GraphBuilder, int } from "../graph.js";
import { product } from "../jaxpr.js";
import { dense, reshape, reshapeTensor, transposeTensor, type View, viewOf } from "../view.js";
import { type Application, type Rule, refuse } from "./rule.js";

/** Rows of the largest matrix: a graph of this length is prepared in a fraction of a second. */
const LARGEST = 64;

type Factorization = "cholesky" | "triangular_solve";

/** Why the matrices are not taken, if they are not. */
function problemOf({ inputs }: Application<Factorization>): string | undefined {
  const rows = inputs[0]!.shape.at(-1)!;
  if (rows > LARGEST) {
    return `its columns are written out one by one, for matrices of at most ${LARGEST} by ${LARGEST}`;
  }
  return undefined;
}

/** The last two dimensions as matrices, all others as one. */
function stack(graph: GraphBuilder, v: View): string {
  const [rows, columns] = v.shape.slice(-2) as [number, number];
  return reshapeTensor(graph, dense(graph, v), [product(v.shape.slice(0, -2)), rows, columns]);
}

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

/** An operator on two stacks of which one may have a single row or column where the other has many. */
function combine(graph: GraphBuilder, op: string, a: string, b: string): string {
  const other = graph.dims(b);
  const dims = graph.dims(a).map((size, axis) => Math.max(size, other[axis]!));
  return graph.emit(op, [a, b], graph.type(a), dims);
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
export const choleskyRule: Rule<"cholesky"> = (application) => {
  const { graph, operands, outputs } = application;
  const problem = problemOf(application);
  if (problem !== undefined) return refuse("cholesky", problem)(application);
  const { shape, dtype } = outputs[0]!;
  if (product(shape) === 0) return [operands[0]!];
  const size = shape.at(-1)!;
  let rest = stack(graph, operands[0]!);
  const columns: string[] = [];
  for (let j = 0; j < size; j++) {
    const left = size - j;
    const first = part(graph, rest, [0, left], [0, 1]);
    const pivot = part(graph, rest, [0, 1], [0, 1]);
    const root = graph.emit("Sqrt", [pivot], dtype, graph.dims(pivot));
    const column = combine(graph, "Div", first, root);
    columns.push(below(graph, j, column));
    if (left === 1) break;
    const tail = part(graph, column, [1, left], [0, 1]);
    const square = combine(graph, "Mul", tail, transposeTensor(graph, tail, [0, 2, 1]));
    rest = combine(graph, "Sub", part(graph, rest, [1, left], [1, left]), square);
  }
  const factor = joinColumns(graph, columns);
  return [reshape(graph, viewOf(factor, dtype, graph.dims(factor)), shape)];
};

/** X of A X' = B' with A upper triangular: the last column first, which then leaves all the others. */
export const triangularSolveRule: Rule<"triangular_solve"> = (application) => {
  const { graph, operands, outputs, params } = application;
  const problem = problemOf(application);
  if (problem !== undefined) return refuse("triangular_solve", problem)(application);
  const { shape, dtype } = outputs[0]!;
  if (product(shape) === 0) return [operands[1]!];
  const matrix = transposeTensor(graph, stack(graph, operands[0]!), [0, 2, 1]);
  let rest = stack(graph, operands[1]!);
  const rows = shape.at(-2)!;
  const columns: string[] = [];
  for (let i = shape.at(-1)! - 1; i >= 0; i--) {
    const last = part(graph, rest, [0, rows], [i, i + 1]);
    const pivot = part(graph, matrix, [i, i + 1], [i, i + 1]);
    const column = params.unitDiagonal ? last : combine(graph, "Div", last, pivot);
    columns.unshift(column);
    if (i === 0) break;
    const share = combine(graph, "Mul", column, part(graph, matrix, [i, i + 1], [0, i]));
    rest = combine(graph, "Sub", part(graph, rest, [0, rows], [0, i]), share);
  }
  const solution = joinColumns(graph, columns);
  return [reshape(graph, viewOf(solution, dtype, graph.dims(solution)), shape)];
};
