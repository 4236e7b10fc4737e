/**
 * A selection of zeros, such as the gradient of a rectifier or of a maximum, as a product with zeros and ones where that is
 * the same, which is unless a number to be left out is infinite or NaN:
 *
 *     c ? 0 : x  ->  if the sum of x is finite: (not c) x, else: c ? 0 : x
 *
 * ONNX Runtime selects on one thread, in three passes; it multiplies on all, in one.
 */
import type { GraphBuilder } from "../graph.js";
import { product } from "../jaxpr.js";
import { dataTypes, type OnnxGraph, type OnnxNode } from "../model.js";
import { type Known, type Rewriting, rewrite } from "./rewrite.js";

/** Elements that there must be to pay for the sum and for the branch. */
const LEAST_WORK = 131_072;

/** The same function of the same inputs, but for the signs of zeros. `builder` made the graph and knows its values. */
export function multiplyMasks(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  return builder.target === "gpu" ? graph : rewrite(graph, builder, maskedProduct);
}

interface Mask {
  readonly condition: string;
  /** Whether zeros are where the condition holds. */
  readonly isInverted: boolean;
  readonly values: string;
}

const maskedProduct: Rewriting = (node, known) => {
  const { builder } = known;
  const mask = maskOf(node, known);
  const [name] = node.outputs as [string];
  const dims = builder.dims(name);
  if (mask === undefined || product(dims) < LEAST_WORK) return undefined;
  const output = { type: "float32", dims } as const;
  const branch = (nodes: readonly OnnxNode[], result: string) =>
    ({
      kind: "graph",
      value: { nodes, inputs: [], outputs: [{ name: result, ...output }], initializers: [] },
    }) as const;
  const [multiplied, selected] = [builder.declare("float32", dims), builder.declare("float32", dims)];
  const { nodes, finite } = finiteness(mask.values, builder);
  const attributes = {
    then_branch: branch(multiply(mask, multiplied, builder), multiplied),
    else_branch: branch([{ ...node, outputs: [selected] }], selected),
  };
  return [...nodes, { op: "If", inputs: [finite], outputs: [name], attributes }];
};

function maskOf({ op, inputs, outputs }: OnnxNode, known: Known): Mask | undefined {
  const { builder } = known;
  if (op !== "Where" || builder.type(outputs[0]!) !== "float32") return undefined;
  const [condition, x, y] = inputs as [string, string, string];
  if (String(builder.dims(condition)) !== String(builder.dims(outputs[0]!))) return undefined;
  if (known.builder.scalarValue(x) === 0) return { condition, isInverted: true, values: y };
  return known.builder.scalarValue(y) === 0 ? { condition, isInverted: false, values: x } : undefined;
}

function multiply(
  { condition, isInverted, values }: Mask,
  output: string,
  builder: GraphBuilder,
): OnnxNode[] {
  const dims = builder.dims(condition);
  const [kept, ones] = [builder.declare("bool", dims), builder.declare("float32", dims)];
  const to = { kind: "int", value: dataTypes.float32 } as const;
  return [
    ...(isInverted ? [{ op: "Not", inputs: [condition], outputs: [kept], attributes: {} }] : []),
    { op: "Cast", inputs: [isInverted ? kept : condition], outputs: [ones], attributes: { to } },
    { op: "Mul", inputs: [ones, values], outputs: [output], attributes: {} },
  ];
}

/** Whether all of `values` are finite, as far as their sum tells: one that overflows counts as not. */
function finiteness(values: string, builder: GraphBuilder): { nodes: readonly OnnxNode[]; finite: string } {
  const [sum, size] = [builder.declare("float32", []), builder.declare("float32", [])];
  const finite = builder.declare("bool", []);
  const keepdims = { kind: "int", value: 0 } as const;
  const nodes = [
    { op: "ReduceSum", inputs: [values], outputs: [sum], attributes: { keepdims } },
    { op: "Abs", inputs: [sum], outputs: [size], attributes: {} },
    { op: "Less", inputs: [size, builder.scalar("float32", Infinity)], outputs: [finite], attributes: {} },
  ];
  return { nodes, finite };
}
