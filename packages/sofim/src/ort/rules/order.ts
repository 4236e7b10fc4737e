/** Sorting and scattering. */
import { cast, type GraphBuilder, int } from "../graph.js";
import { type ElementType, product } from "../jaxpr.js";
import type { OnnxType } from "../model.js";
import { dense, reshape, transpose, type View, viewOf } from "../view.js";
import { stackIndices } from "./movement.js";
import type { Rule } from "./rule.js";

/** Ascending along the last dimension and stable, NaNs last. */
function sortLast(graph: GraphBuilder, v: View): readonly [values: View, indices: View] {
  const tensor = dense(graph, v);
  const indices = v.type.startsWith("float") ? sortFloats(graph, tensor) : smallest(graph, tensor);
  const values = graph.emit("GatherElements", [tensor, indices], v.type, v.shape, { axis: int(-1) });
  return [viewOf(values, v.type, v.shape), viewOf(cast(graph, indices, "int32"), "int32", v.shape)];
}

/** Indices that sort the last dimension; ONNX's TopK gives equal elements in the order of their indices. */
function smallest(graph: GraphBuilder, tensor: string): string {
  const type = graph.type(tensor);
  const work: OnnxType = type === "bool" ? "int32" : type === "uint32" ? "int64" : type;
  const dims = graph.dims(tensor);
  const inputs = [cast(graph, tensor, work), graph.list([dims.at(-1)!])];
  const outputs = [
    { type: work, dims },
    { type: "int64", dims },
  ] as const;
  return graph.emitMany("TopK", inputs, outputs, { largest: int(0) })[1]!;
}

/**
 * TopK leaves the order of NaNs open, and on a GPU ONNX Runtime's loses infinities: numbers are sorted with both as zeros,
 * which then move behind all others.
 */
function sortFloats(graph: GraphBuilder, tensor: string): string {
  const [type, dims] = [graph.type(tensor), graph.dims(tensor)];
  const flag = (op: string, ...inputs: string[]) => graph.emit(op, inputs, "bool", dims);
  const isLast = flag("Not", flag("Less", tensor, graph.scalar(type, Infinity)));
  const keys = graph.emit("Where", [isLast, graph.scalar(type, 0), tensor], type, dims);
  const sorted = smallest(graph, keys);
  const pick = (source: string, at: string) =>
    graph.emit("GatherElements", [source, at], graph.type(source), dims, { axis: int(-1) });
  const ranks = [isLast, flag("IsNaN", tensor)].map((mark) => cast(graph, mark, "int32"));
  const rank = graph.emit("Add", ranks, "int32", dims);
  return pick(sorted, smallest(graph, pick(rank, sorted)));
}

export const sortRule: Rule<"sort"> = ({ graph, operands }) => [sortLast(graph, operands[0]!)[0]];

export const argsortRule: Rule<"argsort"> = ({ graph, operands }) => sortLast(graph, operands[0]!);

/**
 * Zeros of `shape` with updates written or added at the indices; updates outside of it are dropped, by way
 * of one more slot along the first indexed dimension that is cut off again.
 */
export const scatterRule: Rule<"scatter"> = ({ graph, operands, inputs, params }) => {
  const [updates, ...indices] = operands as [View, ...View[]];
  const { shape, axis, outDim } = params;
  const { dtype } = inputs[0]!;
  const rank = Math.max(...indices.map((index) => index.shape.length));
  const indexShape = updates.shape.slice(outDim, outDim + rank);
  const rest = shape.map((_, d) => d).filter((d) => !axis.includes(d));
  const sizes = axis.map((d) => shape[d]!);
  const restSizes = rest.map((d) => shape[d]!);

  const work: OnnxType = dtype === "bool" ? "int32" : dtype === "uint32" ? "int64" : dtype;
  const dims = [sizes[0]! + 1, ...sizes.slice(1), ...restSizes];
  const zeros = graph.emit("Expand", [graph.scalar(work, 0), graph.list(dims)], work, dims);
  const places = redirect(graph, stackIndices(graph, indices, indexShape), sizes);
  const others = updates.shape.map((_, d) => d).filter((d) => d < outDim || d >= outDim + rank);
  const moved = transpose(updates, [...indexShape.map((_, i) => outDim + i), ...others]);
  const adds = params.op === "add" && !params.uniqueIndices;
  const written = graph.emit(
    "ScatterND",
    [zeros, places, cast(graph, dense(graph, moved), work)],
    work,
    dims,
    { reduction: { kind: "string", value: adds ? "add" : "none" } },
  );
  return [restore(graph, written, dtype, { axis, rest, sizes: [...sizes, ...restSizes] })];
};

/** Sends index tuples that lie outside of `sizes` to the slot after the end of the first dimension. */
function redirect(graph: GraphBuilder, places: string, sizes: readonly number[]): string {
  const dims = graph.dims(places);
  const limits = graph.constant("int64", [sizes.length], BigInt64Array.from(sizes, BigInt));
  const negative = graph.emit("Less", [places, graph.scalar("int64", 0)], "bool", dims);
  const inside = graph.emit("Less", [places, limits], "bool", dims);
  const outside = graph.emit("Or", [negative, graph.emit("Not", [inside], "bool", dims)], "bool", dims);
  const any = graph.emit(
    "ReduceMax",
    [cast(graph, outside, "int32"), graph.list([dims.length - 1])],
    "int32",
    [...dims.slice(0, -1), 1],
    { keepdims: int(1) },
  );
  const slot = sizes.map((size, i) => BigInt(i === 0 ? size : 0));
  const dropped = graph.constant("int64", [sizes.length], BigInt64Array.from(slot));
  return graph.emit("Where", [cast(graph, any, "bool"), dropped, places], "int64", dims);
}

/** Cuts the additional slot off and puts the indexed dimensions back to their places. */
function restore(
  graph: GraphBuilder,
  written: string,
  type: ElementType,
  {
    axis,
    rest,
    sizes,
  }: {
    readonly axis: readonly number[];
    readonly rest: readonly number[];
    readonly sizes: readonly number[];
  },
): View {
  const bounds = [[0], [sizes[0]!], [0]].map((list) => graph.list(list));
  const cut = graph.emit("Slice", [written, ...bounds], graph.type(written), sizes);
  const order = [...axis, ...rest];
  const perm = order.map((_, d) => order.indexOf(d));
  const whole = viewOf(cast(graph, cut, type), type, sizes);
  return product(sizes) === 0
    ? reshape(
        graph,
        whole,
        perm.map((d) => sizes[d]!),
      )
    : transpose(whole, perm);
}
