/** Primitives that move elements without changing them. */
import { cast, type GraphBuilder, int } from "../graph.js";
import { broadcast, dense, flip, reshape, transpose, unflip, type View, viewOf } from "../view.js";
import type { Rule } from "./rule.js";

type Ranges = readonly (readonly [number, number])[];

/** The part of `v` from the first to before the second bound of each dimension. */
export function slice(graph: GraphBuilder, view: View, ranges: Ranges): View {
  const shape = ranges.map(([start, end]) => end - start);
  const cut = ranges.flatMap(([start, end], d) =>
    view.axes[d] == null || (start === 0 && end === view.shape[d])
      ? []
      : [{ axis: view.axes[d], start, end }],
  );
  if (cut.length === 0) return { ...view, shape, axes: view.axes.map((a, d) => (shape[d] === 1 ? null : a)) };
  const v = unflip(graph, view);
  const dims = graph.dims(v.tensor).map((size, axis) => {
    const entry = cut.find((candidate) => candidate.axis === axis);
    return entry === undefined ? size : entry.end - entry.start;
  });
  const lists = [cut.map((c) => c.start), cut.map((c) => c.end), cut.map((c) => c.axis)];
  const tensor = graph.emit("Slice", [v.tensor, ...lists.map((list) => graph.list(list))], v.type, dims);
  return viewOf(tensor, v.type, shape, v.axes);
}

/** `v` with zeros added before and after each dimension (or elements cut off, for negative widths). */
export function padWithZeros(graph: GraphBuilder, v: View, widths: Ranges): View {
  if (widths.every(([low, high]) => low === 0 && high === 0)) return v;
  const shape = v.shape.map((size, d) => size + widths[d]![0] + widths[d]![1]);
  const work = v.type === "bool" ? "uint8" : v.type;
  const inputs = [
    cast(graph, dense(graph, v), work),
    graph.list([...widths.map(([low]) => low), ...widths.map(([, high]) => high)]),
    graph.scalar(work, 0),
  ];
  return viewOf(cast(graph, graph.emit("Pad", inputs, work, shape), v.type), v.type, shape);
}

const concatenate: Rule<"concatenate"> = ({ graph, operands, outputs, params }) => {
  const { shape, dtype } = outputs[0]!;
  const tensors = operands.map((v) => cast(graph, dense(graph, v), dtype));
  return [viewOf(graph.emit("Concat", tensors, dtype, shape, { axis: int(params.axis) }), dtype, shape)];
};

const split: Rule<"split"> = ({ graph, operands, params }) => {
  const v = operands[0]!;
  let start = 0;
  return params.sizes.map((size) => {
    const ranges = v.shape.map((whole, d): [number, number] =>
      d === params.axis ? [start, start + size] : [0, whole],
    );
    start += size;
    return slice(graph, v, ranges);
  });
};

/**
 * Elements of the first operand at the indices of the others. One index array is ONNX's Gather; several are
 * its GatherND over the gathered dimensions moved to the front.
 */
const gather: Rule<"gather"> = ({ graph, operands, outputs, params }) => {
  const { shape, dtype } = outputs[0]!;
  const [source, ...indices] = operands as [View, ...View[]];
  const indexRank = Math.max(...indices.map((v) => v.shape.length));
  const rest = source.shape.map((_, d) => d).filter((d) => !params.axis.includes(d));
  const moved = dense(graph, transpose(source, [...params.axis, ...rest]));
  const indexShape = shape.slice(params.outDim, params.outDim + indexRank);
  const dims = [...indexShape, ...rest.map((d) => source.shape[d]!)];
  const tensor =
    indices.length === 1
      ? graph.emit("Gather", [moved, dense(graph, indices[0]!)], dtype, dims, { axis: int(0) })
      : graph.emit("GatherND", [moved, stackIndices(graph, indices, indexShape)], dtype, dims);
  const before = rest.slice(0, params.outDim).map((_, i) => indexRank + i);
  const after = rest.slice(params.outDim).map((_, i) => indexRank + params.outDim + i);
  const gathered = viewOf(tensor, dtype, dims);
  return [transpose(gathered, [...before, ...Array(indexRank).keys(), ...after])];
};

/** Index arrays of shapes that broadcast together as one int64 tensor [...shape, number of arrays]. */
export function stackIndices(
  graph: GraphBuilder,
  indices: readonly View[],
  shape: readonly number[],
): string {
  const columns = indices.map((index) => {
    const whole = dense(graph, broadcastTo(index, shape));
    const column = reshape(graph, viewOf(whole, index.type, shape), [...shape, 1]);
    return cast(graph, dense(graph, column), "int64");
  });
  const dims = [...shape, indices.length];
  return graph.emit("Concat", columns, "int64", dims, { axis: int(shape.length) });
}

const broadcastTo = (v: View, shape: readonly number[]): View =>
  broadcast(v, shape, [...Array(shape.length - v.shape.length).keys()]);

export const movementRules = {
  transpose: (({ operands, params }) => [transpose(operands[0]!, params.perm)]) satisfies Rule<"transpose">,
  broadcast: (({ operands, params }) => [
    broadcast(operands[0]!, params.shape, params.axis),
  ]) satisfies Rule<"broadcast">,
  reshape: (({ graph, operands, params }) => [
    reshape(graph, operands[0]!, params.shape),
  ]) satisfies Rule<"reshape">,
  flip: (({ operands, params }) => [flip(operands[0]!, params.axis)]) satisfies Rule<"flip">,
  shrink: (({ graph, operands, params }) => [
    slice(graph, operands[0]!, params.slice),
  ]) satisfies Rule<"shrink">,
  pad: (({ graph, operands, params }) => [
    padWithZeros(graph, operands[0]!, params.width),
  ]) satisfies Rule<"pad">,
  concatenate,
  split,
  gather,
};
