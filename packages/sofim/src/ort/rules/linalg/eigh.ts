/** Eigenvalues and eigenvectors of symmetric matrices. */
import { cast, type GraphBuilder, int } from "../../graph.js";
import { product } from "../../jaxpr.js";
import { transposeTensor } from "../../view.js";
import { loop } from "../loop.js";
import type { Rule } from "../rule.js";
import { rotate, turnsOf } from "./rotations.js";
import { COLUMNS, combine, diagonal, ROWS, stack, unstack } from "./stack.js";

/** Hundreds of rotations of float32 would add up to an error of more than 1e-5. */
const WORK = "float64";

/** Sweeps of Jacobi rotations, until all elements off the diagonal are small: a loop of loops. */
export const jacobiEighRule: Rule<"jacobi_eigh"> = ({ graph, operands, outputs, params }) => {
  const { shape, dtype } = outputs[0]!;
  if (product(shape) === 0) return [operands[0]!, operands[0]!];
  const { maxSweeps, tolerance } = params;
  const matrix = cast(graph, mirrored(graph, stack(graph, operands[0]!)), WORK);
  const largest = combine(graph, "Max", [graph.scalar(WORK, 1), largestSize(graph, matrix)]);
  const threshold = combine(graph, "Mul", [graph.scalar(WORK, tolerance), largest]);
  const [dims, size] = [graph.dims(matrix), shape.at(-1)!];
  const isDiagonal = diagonal(graph, size);
  const isOpen = (current: string) => {
    const others = combine(graph, "Where", [isDiagonal, graph.scalar(WORK, 0), current]);
    return combine(graph, "Greater", [largestSize(graph, others), threshold], "bool");
  };
  const identity = graph.emit("Expand", [cast(graph, isDiagonal, WORK), graph.list(dims)], WORK, dims);
  const sweeps = {
    turns: maxSweeps,
    initial: [matrix, identity, isOpen(matrix)],
    fixed: [threshold],
    goesOn: ([, , open]: readonly string[]) => any(graph, open!),
  };
  const [rotated, vectors] = loop(graph, sweeps, (_, [current, turned, open]) => {
    const initial = [current!, turned!];
    const results = loop(graph, { turns: turnsOf(size), initial }, (turn, values) =>
      rotate(graph, values as [string, string], { turn, open: open! }),
    );
    return [...results, isOpen(results[0]!)];
  });
  return [triangle(graph, rotated!, 0), vectors!].map((result, i) =>
    unstack(graph, cast(graph, result, dtype), outputs[i]!),
  );
};

/** The part from a diagonal (the main one is 0) down, and zeros above. */
function triangle(graph: GraphBuilder, matrix: string, from: 0 | -1): string {
  const inputs = [matrix, graph.scalar("int64", from)];
  return graph.emit("Trilu", inputs, graph.type(matrix), graph.dims(matrix), { upper: int(0) });
}

/** The symmetric matrix that has this one's lower triangle. */
function mirrored(graph: GraphBuilder, matrix: string): string {
  const upper = transposeTensor(graph, triangle(graph, matrix, -1), [0, 2, 1]);
  return combine(graph, "Add", [triangle(graph, matrix, 0), upper]);
}

/** The largest magnitude in each matrix. */
function largestSize(graph: GraphBuilder, matrix: string): string {
  const [type, dims] = [graph.type(matrix), graph.dims(matrix)];
  const sizes = graph.emit("Abs", [matrix], type, dims);
  return graph.emit("ReduceMax", [sizes, graph.list([ROWS, COLUMNS])], type, [dims[0]!, 1, 1]);
}

function any(graph: GraphBuilder, flags: string): string {
  const most = graph.emit("ReduceMax", [cast(graph, flags, "int32")], "int32", [], { keepdims: int(0) });
  return cast(graph, most, "bool");
}
