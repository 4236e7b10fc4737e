/** Reductions over dimensions. */
import { cast, type GraphBuilder, int, ints } from "../graph.js";
import { type ElementType, product } from "../jaxpr.js";
import type { OnnxType } from "../model.js";
import { axesInOrder, reshapeTensor, unflip, type View, viewOf } from "../view.js";
import { isFloat, rangeOf } from "./convert.js";
import { factorsOf, innerProduct, largestDivisor } from "./inner-product.js";
import { multiplyInteger } from "./integer-product.js";
import type { Rule } from "./rule.js";

type ReduceOp = "Add" | "Mul" | "Min" | "Max";

const operators = { Add: "ReduceSum", Mul: "ReduceProd", Min: "ReduceMin", Max: "ReduceMax" } as const;

export const reduceRule: Rule<"reduce"> = ({ graph, operands, params }) => [
  reduce(graph, operands[0]!, params.op, params.axis),
];

/** `v` reduced over the logical dimensions `over`. */
export function reduce(graph: GraphBuilder, view: View, op: ReduceOp, over: readonly number[]): View {
  const v = unflip(graph, view);
  const kept = v.shape.map((_, d) => d).filter((d) => !over.includes(d));
  if (product(v.shape) === 0) return reduceNothing(graph, v, op, kept);
  const constant = product(over.filter((d) => v.axes[d] === null).map((d) => v.shape[d]!));
  const axes = over.flatMap((d) => v.axes[d] ?? []).sort((a, b) => a - b);
  const isIntegerProduct = op === "Mul" && (v.type === "int32" || v.type === "uint32");
  const reduced = isIntegerProduct
    ? multiplyInteger(graph, v, axes, constant)
    : repeat(graph, reduceAxes(graph, v, op, axes), op, constant);
  const remaining = axesInOrder(v).filter((axis) => !axes.includes(axis));
  const compact = reshapeTensor(
    graph,
    cast(graph, reduced, v.type),
    remaining.map((axis) => graph.dims(v.tensor)[axis]!),
  );
  return viewOf(
    compact,
    v.type,
    kept.map((d) => v.shape[d]!),
    kept.map((d) => (v.axes[d] == null ? null : remaining.indexOf(v.axes[d]))),
  );
}

/** The tensor of `v` without the given axes. */
function reduceAxes(graph: GraphBuilder, v: View, op: ReduceOp, axes: readonly number[]): string {
  if (axes.length === 0) return v.tensor;
  const pooled = reduceWindows(graph, v, op, axes) ?? combineSlices(graph, v, op, axes);
  if (pooled !== undefined) return pooled;
  const source = cast(graph, v.tensor, reductionType(graph, v.type, op));
  if (op === "Add" && axes.length === graph.dims(source).length) return sumAll(graph, source);
  const inner = op === "Add" ? innerProduct(graph, source, axes) : undefined;
  if (inner !== undefined) return inner;
  if (op === "Add" && isFloat(v.type) && axes.at(-1) === axes.length - 1)
    return sumRows(graph, source, axes.length);
  const reduced = emitReduce(graph, operators[op], source, axes);
  const isExtreme = op === "Min" || op === "Max";
  return isExtreme && isFloat(v.type)
    ? keepNaN(graph, reduced, emitReduce(graph, "ReduceSum", source, axes))
    : reduced;
}

/** What no elements come to, wherever there are any results: ONNX Runtime has no extremes of them, nor any of it on a GPU. */
function reduceNothing(
  graph: GraphBuilder,
  { type, shape }: View,
  op: ReduceOp,
  kept: readonly number[],
): View {
  const [lowest, highest] = rangeOf(type);
  const neutral = { Add: 0, Mul: 1, Min: highest, Max: lowest }[op];
  const left = kept.map((d) => shape[d]!);
  return viewOf(
    graph.scalar(type, neutral),
    type,
    left,
    left.map(() => null),
  );
}

function emitReduce(graph: GraphBuilder, op: string, source: string, axes: readonly number[]): string {
  const left = graph.dims(source).filter((_, axis) => !axes.includes(axis));
  const attributes = { keepdims: int(0) };
  return graph.emit(op, [source, graph.list(axes)], graph.type(source), left, attributes);
}

/** The sum over the first `count` axes: as a product with a row of ones, many times as fast as ReduceSum. */
function sumRows(graph: GraphBuilder, tensor: string, count: number): string {
  const [dims, type] = [graph.dims(tensor), graph.type(tensor)];
  const left = dims.slice(count);
  const [rows, columns] = [product(dims.slice(0, count)), product(left)];
  const ones = graph.emit("Expand", [graph.scalar(type, 1), graph.list([1, rows])], type, [1, rows]);
  const matrix = reshapeTensor(graph, tensor, [rows, columns]);
  return reshapeTensor(graph, graph.emit("MatMul", [ones, matrix], type, [1, columns]), left);
}

/** Above this many elements, ONNX Runtime's running float32 sums lose more than a digit. */
const ONE_STAGE = 65_536;
/** Its sums of squares are off by 4e-6 here, in one pass where two would write the squares out. */
const ONE_STAGE_SQUARES = 262_144;

/**
 * The sum of all elements: of rows and then of their sums where there are many, for accuracy. Stages that the function
 * summed in already are left out, and neither products nor magnitudes are written out only to be summed.
 */
function sumAll(graph: GraphBuilder, tensor: string): string {
  const terms = termsOf(graph, tensor);
  const all = (source: string, op: string) => emitReduce(graph, op, source, [...graph.dims(source).keys()]);
  const magnitude = graph.producer(terms);
  if (magnitude?.op === "Abs") return all(magnitude.inputs[0]!, "ReduceL1");
  const size = product(graph.dims(terms));
  const inner = innerProduct(graph, terms, [...graph.dims(terms).keys()]);
  if (inner !== undefined) return inner;
  const root = size <= ONE_STAGE_SQUARES ? squareRoot(graph, terms) : undefined;
  if (root !== undefined) return all(root, "ReduceSumSquare");
  const columns = size > ONE_STAGE ? largestDivisor(size, 4096) : size;
  if (columns === size || columns < 64) return all(terms, "ReduceSum");
  const rows = reshapeTensor(graph, terms, [size / columns, columns]);
  return all(emitReduce(graph, "ReduceSum", rows, [1]), "ReduceSum");
}

/** What `tensor` is a rearrangement, or partial sums, of. */
function termsOf(graph: GraphBuilder, tensor: string): string {
  const producer = graph.producer(tensor);
  const isPartial = producer?.op === "Reshape" || producer?.op === "ReduceSum";
  return isPartial ? termsOf(graph, producer.inputs[0]!) : tensor;
}

/**
 * Extremes that are NaN where an element is: ONNX Runtime's skip NaNs, and a diverged run would go unnoticed.
 * A sum (or mean) of the same elements shows them, at little cost; where it is NaN because opposite
 * infinities met, the extreme becomes NaN too, unlike in jax-js.
 */
function keepNaN(graph: GraphBuilder, extreme: string, sum: string): string {
  const dims = graph.dims(extreme);
  const marks = graph.emit("IsNaN", [sum], "bool", dims);
  return graph.emit("Where", [marks, sum, extreme], graph.type(extreme), dims);
}

/** Where results wrap when they are cast back: ONNX Runtime's sums of int32 stop at its limits, but not on a GPU. */
function reductionType(graph: GraphBuilder, type: ElementType, op: ReduceOp): OnnxType {
  if (type === "bool") return "int32";
  const isWide = type === "uint32" || (type === "int32" && op === "Add" && graph.target !== "gpu");
  return isWide ? "int64" : type;
}

/** The tensor whose square `tensor` is, if it was made by multiplying one by itself. */
function squareRoot(graph: GraphBuilder, tensor: string): string | undefined {
  const [x, y] = factorsOf(graph, tensor) ?? [];
  return x === y && graph.type(tensor) !== "int64" ? x : undefined;
}

/** The effect of reducing over `count` equal elements. */
function repeat(graph: GraphBuilder, tensor: string, op: ReduceOp, count: number): string {
  if (count === 1 || op === "Min" || op === "Max") return tensor;
  const type = graph.type(tensor);
  const [operator, factor] = op === "Add" ? ["Mul", count] : ["Pow", count];
  return graph.emit(operator, [tensor, graph.scalar(type, factor)], type, graph.dims(tensor));
}

/**
 * Maximum or sum within the windows of an image cut into [..., h, kh, w, kw]: as pooling, which is several
 * times faster than a reduction over short, interleaved axes. Undefined for other axes.
 */
function reduceWindows(
  graph: GraphBuilder,
  v: View,
  op: ReduceOp,
  axes: readonly number[],
): string | undefined {
  const dims = graph.dims(v.tensor);
  const rank = dims.length;
  const isWindow = axes.length === 2 && axes[0] === rank - 3 && axes[1] === rank - 1 && rank >= 4;
  if (!isWindow || v.type !== "float32" || (op !== "Max" && op !== "Add") || product(dims) === 0) {
    return undefined;
  }
  const [h, kh, w, kw] = dims.slice(-4) as [number, number, number, number];
  const planes = product(dims.slice(0, -4));
  const image = reshapeTensor(graph, v.tensor, [1, planes, h * kh, w * kw]);
  const attributes = { kernel_shape: ints([kh, kw]), strides: ints([kh, kw]) };
  const pooledDims = [1, planes, h, w];
  const emit = (name: string) => graph.emit(name, [image], v.type, pooledDims, attributes);
  const mean = emit("AveragePool");
  const pooled = op === "Max" ? keepNaN(graph, emit("MaxPool"), mean) : repeat(graph, mean, "Add", kh * kw);
  return reshapeTensor(graph, pooled, [...dims.slice(0, -4), h, w]);
}

/** Longer axes are left to ONNX Runtime's own reductions. */
const FEW_SLICES = 4;
/** Shorter runs of memory are not worth slicing. */
const LONG_RUN = 16;

/**
 * A reduction over short axes, with long runs of memory behind each, as an operation on slices: two to three times faster
 * than ONNX Runtime's own, and NaNs come through maxima and minima. Undefined for other axes.
 */
function combineSlices(
  graph: GraphBuilder,
  v: View,
  op: ReduceOp,
  axes: readonly number[],
): string | undefined {
  const dims = graph.dims(v.tensor);
  const run = product(dims.slice(axes.at(-1)! + 1));
  if (run < LONG_RUN || axes.some((axis) => dims[axis]! > FEW_SLICES) || v.type !== "float32")
    return undefined;
  // From the outermost axis on: the slices are longest there.
  const reduced = axes.reduce((tensor, axis) => combineAxis(graph, tensor, op, axis), v.tensor);
  return reshapeTensor(
    graph,
    reduced,
    dims.filter((_, axis) => !axes.includes(axis)),
  );
}

/** `tensor` with its `axis` reduced to size 1. */
function combineAxis(graph: GraphBuilder, tensor: string, op: ReduceOp, axis: number): string {
  const [dims, type] = [graph.dims(tensor), graph.type(tensor)];
  const [size, outer, run] = [dims[axis]!, product(dims.slice(0, axis)), product(dims.slice(axis + 1))];
  // Conditions are cut before they become numbers: they take a quarter of the memory.
  const uncut = conditionsOf(graph, tensor) ?? tensor;
  const source = reshapeTensor(graph, uncut, [outer, size, run]);
  const slices = Array.from({ length: size }, (_, i) => {
    const bounds = [[i], [i + 1], [1]].map((list) => graph.list(list));
    const slice = graph.emit("Slice", [source, ...bounds], graph.type(source), [outer, 1, run]);
    return cast(graph, slice, type);
  });
  const combined = slices.reduce((a, b) => graph.emit(op, [a, b], type, graph.dims(a)));
  return reshapeTensor(graph, combined, dims.with(axis, 1));
}

/** What was cast to numbers, if `tensor` is that. ONNX Runtime slices none on a GPU. */
function conditionsOf(graph: GraphBuilder, tensor: string): string | undefined {
  if (graph.target === "gpu") return undefined;
  const producer = graph.producer(tensor);
  const [source] = producer?.op === "Cast" ? producer.inputs : [];
  return source !== undefined && graph.type(source) === "bool" ? source : undefined;
}
