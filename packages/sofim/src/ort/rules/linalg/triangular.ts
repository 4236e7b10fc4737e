/** The rules of Cholesky factors and triangular systems. */
import { product } from "../../jaxpr.js";
import { transposeTensor } from "../../view.js";
import { ofFloats } from "./floats.js";
import { choleskyLooped, solveLooped } from "./looped.js";
import { stack, unstack } from "./stack.js";
import { choleskyUnrolled, solveUnrolled } from "./unrolled.js";

/** Rows of the largest matrix whose algorithm is written out: a graph of this length is prepared in a fraction of a second. */
const LARGEST = 64;

export const choleskyRule = ofFloats("cholesky", ({ graph, operands, outputs }) => {
  const { shape } = outputs[0]!;
  if (product(shape) === 0) return operands;
  const factor = shape.at(-1)! > LARGEST ? choleskyLooped : choleskyUnrolled;
  return [unstack(graph, factor(graph, stack(graph, operands[0]!)), outputs[0]!)];
});

/** X of A X' = B', which is X A' = B, with A upper triangular. */
export const triangularSolveRule = ofFloats("triangular_solve", ({ graph, operands, outputs, params }) => {
  const { shape } = outputs[0]!;
  if (product(shape) === 0) return [operands[1]!];
  const [matrix, right] = operands.map((v) => stack(graph, v)) as [string, string];
  const lower = transposeTensor(graph, matrix, [0, 2, 1]);
  const solve = shape.at(-1)! > LARGEST ? solveLooped : solveUnrolled;
  return [unstack(graph, solve(graph, { lower, right, ...params }), outputs[0]!)];
});
