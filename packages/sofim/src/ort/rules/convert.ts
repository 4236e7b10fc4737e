/** Conversions from one element type to another. */
import { cast, type GraphBuilder } from "../graph.js";
import type { ElementType } from "../jaxpr.js";
import type { OnnxType } from "../model.js";
import type { View } from "../view.js";

export const isFloat = (type: ElementType): boolean => type.startsWith("float");

/** The elements of `v` in another type. */
export const converted = (graph: GraphBuilder, v: View, type: ElementType): View => ({
  ...v,
  tensor: cast(graph, v.tensor, type),
  type,
});

const limits: { readonly [T in OnnxType]?: readonly [lowest: number, highest: number] } = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

/** The lowest and the highest element of a type. */
export function rangeOf(type: ElementType): readonly [lowest: number, highest: number] {
  if (type === "bool") return [0, 1];
  return limits[type] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

/**
 * Conversion as jax-js does it: floats out of an integer type's range become its nearest number, NaN becomes 0. ONNX leaves
 * both open.
 */
export function toElementType(graph: GraphBuilder, x: string, type: ElementType): string {
  const [from, range] = [graph.type(x), limits[type]];
  if (range === undefined || !from.startsWith("float")) return cast(graph, x, type);
  const value = graph.scalarValue(x);
  if (value !== undefined) {
    const limited = Math.min(Math.max(Number.isNaN(value) ? 0 : value, range[0]), range[1]);
    return graph.scalar(type, Math.trunc(limited));
  }
  const marks = graph.emit("IsNaN", [x], "bool", graph.dims(x));
  const numbers = graph.emit("Where", [marks, graph.scalar(from, 0), x], from, graph.dims(x));
  const limit = graph.target === "gpu" && from === "float32" ? limitOnGpu : limitOnCpu;
  return limit(graph, numbers, { type, range });
}

/** As `toElementType`, and then in `work`, the type in which ONNX Runtime computes. */
export function operand(graph: GraphBuilder, x: string, type: ElementType, work: OnnxType): string {
  // To subtract a number is to add its opposite, which wraps as it should; jax-js makes 0 of it.
  const value = type === "uint32" ? graph.scalarValue(x) : undefined;
  const wraps = value !== undefined && Number.isInteger(value) && value < 0 && value >= -(2 ** 32);
  return cast(graph, wraps ? x : toElementType(graph, x, type), work);
}

interface Integers {
  readonly type: ElementType;
  readonly range: readonly [lowest: number, highest: number];
}

function limitOnCpu(graph: GraphBuilder, x: string, { type, range }: Integers): string {
  const dims = graph.dims(x);
  const wide = cast(graph, x, "float64"); // float32 does not have the limits
  const [lowest, highest] = range.map((limit) => graph.scalar("float64", limit)) as [string, string];
  const raised = graph.emit("Max", [wide, lowest], "float64", dims);
  return cast(graph, graph.emit("Min", [raised, highest], "float64", dims), type);
}

/** A GPU limits float32 by itself, but the highest numbers to the highest that is a float32; it has no float64. */
function limitOnGpu(graph: GraphBuilder, x: string, { type, range }: Integers): string {
  const [from, dims] = [graph.type(x), graph.dims(x)];
  const isAbove = graph.emit("GreaterOrEqual", [x, graph.scalar(from, range[1])], "bool", dims);
  const inputs = [isAbove, graph.scalar(type, range[1]), cast(graph, x, type)];
  return graph.emit("Where", inputs, type, dims);
}
