import { type GraphBuilder, int } from "../graph.js";
import { product } from "../jaxpr.js";
import { reshapeTensor } from "../view.js";

/** Of fewer elements, ONNX Runtime's own operators are as fast. */
const LEAST_SIZE = 65_536;
/** Much longer rows lose digits to running sums in float32, and shorter ones are no faster. */
const [SHORTEST, LONGEST] = [1_024, 16_384];

/**
 * The sum of a product of two tensors over its last axes, from `axes[0]` on: cut into rows, each of which is convolved with
 * its like over its whole length. No products are written out, and ONNX Runtime shares the rows out among its threads, as it
 * does with no reduction to a single number. Undefined where `tensor` is no such product and where nothing is gained.
 *
 * Measured: of [32, 65536] over the last axis 0.6 of the time of Mul and ReduceSum, and 0.5 if both factors are one; the
 * same as ReduceSumSquare to a single number on one thread, and 0.6 of it on two.
 */
export function innerProduct(
  graph: GraphBuilder,
  tensor: string,
  axes: readonly number[],
): string | undefined {
  const [dims, type] = [graph.dims(tensor), graph.type(tensor)];
  const isLast = axes.at(-1) === dims.length - 1 && axes.at(-1)! - axes[0]! === axes.length - 1;
  const factors = isLast && type === "float32" ? factorsOf(graph, tensor) : undefined;
  const left = dims.slice(0, axes[0]);
  const [count, size] = [product(left), product(dims)];
  const length = largestDivisor(size / count, LONGEST);
  if (graph.target !== "cpu" || factors === undefined || size < LEAST_SIZE || length < SHORTEST) {
    return undefined;
  }
  const rows = size / length;
  const signal = reshapeTensor(graph, factors[0], [1, rows, length, 1]);
  const kernel = reshapeTensor(graph, factors[1], [rows, 1, length, 1]);
  const sums = graph.emit("Conv", [signal, kernel], type, [1, rows, 1, 1], { group: int(rows) });
  if (rows === count) return reshapeTensor(graph, sums, left);
  const parts = left.length === 0 ? sums : reshapeTensor(graph, sums, [...left, rows / count]);
  const summed = graph.list([...graph.dims(parts).keys()].slice(left.length));
  return graph.emit("ReduceSum", [parts, summed], type, left, { keepdims: int(0) });
}

/** The two tensors of one shape whose product `tensor` is, if it was made so. */
export function factorsOf(graph: GraphBuilder, tensor: string): readonly [string, string] | undefined {
  const producer = graph.producer(tensor);
  if (producer?.op !== "Mul") return undefined;
  const [x, y] = producer.inputs as [string, string];
  return String(graph.dims(x)) === String(graph.dims(y)) ? [x, y] : undefined;
}

/** The largest divisor of `size` up to `limit`. */
export function largestDivisor(size: number, limit: number): number {
  for (let divisor = limit; divisor > 1; divisor--) if (size % divisor === 0) return divisor;
  return 1;
}
