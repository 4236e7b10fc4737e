/**
 * Jacobi's rotations: of two rows, and the two columns, such that the elements where they meet become zero.
 *
 * jax-js takes the pairs of rows in the order (0, 1), (0, 2), ..., (1, 2), ... Pairs without a row in common leave each other
 * alone, so here all pairs (p, q) with the same p + q are rotated at once, in the order of these sums. That leaves any two
 * pairs that do have a row in common in their order, and so the eigenvalues in theirs, and the vectors with their signs.
 */
import { type GraphBuilder, int, not } from "../../graph.js";
import { type Axis, COLUMNS, combine, count, diagonal, ROWS, select, take } from "./stack.js";

/** How many sums p + q of two different rows there are. */
export const turnsOf = (size: number): number => Math.max(2 * size - 3, 0);

/** One turn of symmetric matrices and of the vectors that are rotated with them; matrices that are not open stay as they are. */
export function rotate(
  graph: GraphBuilder,
  [matrix, vectors]: readonly [string, string],
  { turn, open }: { readonly turn: string; readonly open: string },
): readonly [string, string] {
  const [type, size] = [graph.type(matrix), graph.dims(matrix)[ROWS]!];
  const partner = partners(graph, size, turn);
  const isMeeting = meetings(graph, partner);
  const tangent = tangents(graph, matrix, { partner, isMeeting, open });
  const cosine = graph.emit("Reciprocal", [hypotenuse(graph, tangent)], type, graph.dims(tangent));
  const sine = combine(graph, "Mul", [tangent, cosine]);
  const turned = (values: string, axis: Axis, factors: readonly [string, string]) => {
    const parts = [values, take(graph, values, axis, partner)].map((part, i) =>
      combine(graph, "Mul", [part, factors[i]!]),
    );
    return combine(graph, "Sub", parts);
  };
  const across = [asRow(graph, cosine), asRow(graph, sine)] as const;
  const rotated = turned(turned(matrix, COLUMNS, across), ROWS, [cosine, sine]);
  const isZero = combine(graph, "And", [isNonZero(graph, tangent), isMeeting], "bool");
  return [
    combine(graph, "Where", [isZero, graph.scalar(type, 0), rotated]),
    turned(vectors, COLUMNS, across),
  ];
}

/** For every row the other one of its pair; itself if it has none in this turn. */
function partners(graph: GraphBuilder, size: number, turn: string): string {
  const ofTurn = (sum: number) =>
    Array.from({ length: size }, (_, row) => {
      const other = sum - row;
      return BigInt(other >= 0 && other < size ? other : row);
    });
  const all = Array.from({ length: turnsOf(size) }, (_, i) => ofTurn(i + 1)).flat();
  const table = graph.constant("int64", [turnsOf(size), size], BigInt64Array.from(all));
  const row = graph.emit("Gather", [table, turn], "int64", [1, size], { axis: int(0) });
  return graph.emit("Reshape", [row, graph.list([size])], "int64", [size]);
}

const asColumn = (graph: GraphBuilder, list: string): string => {
  const dims = [1, graph.dims(list)[0]!, 1];
  return graph.emit("Reshape", [list, graph.list(dims)], graph.type(list), dims);
};

const asRow = (graph: GraphBuilder, column: string): string => {
  const dims = [graph.dims(column)[0]!, 1, graph.dims(column)[ROWS]!];
  return graph.emit("Reshape", [column, graph.list(dims)], graph.type(column), dims);
};

/** Where the rows of pairs meet each other's columns. */
function meetings(graph: GraphBuilder, partner: string): string {
  const [size] = graph.dims(partner) as [number];
  const isPair = combine(graph, "Equal", [asColumn(graph, partner), count(graph, COLUMNS, size)], "bool");
  return combine(graph, "And", [isPair, not(graph, diagonal(graph, size))], "bool");
}

interface Pairs {
  readonly partner: string;
  readonly isMeeting: string;
  readonly open: string;
}

/**
 * The tangent of every row's angle. The second row of a pair has the opposite angle of the first, so both are rows of one
 * formula, with their partner's number in the place of their own.
 */
function tangents(graph: GraphBuilder, matrix: string, { partner, isMeeting, open }: Pairs): string {
  const [type, dims] = [graph.type(matrix), graph.dims(matrix)];
  const oneOfEachRow = (places: string) => {
    const chosen = combine(graph, "Where", [places, matrix, graph.scalar(type, 0)]);
    return graph.emit("ReduceSum", [chosen, graph.list([COLUMNS])], type, [dims[0]!, dims[ROWS]!, 1]);
  };
  const partnerOf = (numbers: string) => take(graph, numbers, ROWS, partner);
  const own = oneOfEachRow(diagonal(graph, dims[ROWS]!));
  const meeting = oneOfEachRow(isMeeting);
  // The two elements where a pair meets differ by rounding; with their sum its angles are opposite for certain.
  const twice = combine(graph, "Add", [meeting, partnerOf(meeting)]);
  const cotangent = combine(graph, "Div", [combine(graph, "Sub", [partnerOf(own), own]), twice]); // of twice the angle
  const size = graph.emit("Abs", [cotangent], type, graph.dims(cotangent));
  const length = combine(graph, "Add", [size, hypotenuse(graph, cotangent)]);
  const tangent = combine(graph, "Div", [signs(graph, cotangent, partner), length]);
  const isTurned = combine(graph, "And", [open, isNonZero(graph, twice)], "bool");
  return combine(graph, "Where", [isTurned, tangent, graph.scalar(type, 0)]);
}

/** The signs of the cotangents; where these are zero, 1 for the first row of a pair and -1 for the second. */
function signs(graph: GraphBuilder, cotangent: string, partner: string): string {
  const [type, dims] = [graph.type(cotangent), graph.dims(cotangent)];
  const [one, minusOne] = [graph.scalar(type, 1), graph.scalar(type, -1)];
  const rows = count(graph, ROWS, dims[ROWS]!);
  const sign = graph.emit("Sign", [cotangent], type, dims);
  const ofZero = select(graph, "Less", [rows, asColumn(graph, partner)], [one, minusOne]);
  return select(graph, "Equal", [cotangent, graph.scalar(type, 0)], [ofZero, sign]);
}

const isNonZero = (graph: GraphBuilder, numbers: string): string =>
  not(graph, combine(graph, "Equal", [numbers, graph.scalar(graph.type(numbers), 0)], "bool"));

/** The root of 1 + x^2. */
function hypotenuse(graph: GraphBuilder, x: string): string {
  const sum = combine(graph, "Add", [combine(graph, "Mul", [x, x]), graph.scalar(graph.type(x), 1)]);
  return graph.emit("Sqrt", [sum], graph.type(x), graph.dims(x));
}
