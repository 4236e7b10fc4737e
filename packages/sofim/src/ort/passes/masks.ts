/**
 * A selection of zeros, such as the gradient of a rectifier or of a maximum, as a product with zeros and ones where that is
 * the same but for the signs of zeros, which is unless a number to be left out is infinite or NaN:
 *
 *     c ? 0 : x  ->  if the sum of x is finite: (not c) x, else: c ? 0 : x
 *
 * ONNX Runtime selects on one thread, in three passes; it multiplies on all, in one.
 */
import type { GraphBuilder } from "../graph.js";
import { product } from "../jaxpr.js";
import { dataTypes, type OnnxGraph, type OnnxNode } from "../model.js";
import { type Rewriting, rewrite } from "./rewrite.js";
import { type Masking, masking } from "./selections.js";

/** Elements that there must be to pay for the sum and for the branch. */
const LEAST_WORK = 131_072;

/** The same function of the same inputs, but for the signs of zeros. `builder` made the graph and knows its values. */
export function multiplyMasks(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  return builder.target === "gpu" ? graph : rewrite(graph, builder, maskedProduct);
}

const maskedProduct: Rewriting = (node, { builder }) => {
  const mask = masking(node, builder);
  const [name] = node.outputs as [string];
  const dims = builder.dims(name);
  const isZero = mask !== undefined && builder.scalarValue(mask.number) === 0;
  if (!isZero || builder.type(name) !== "float32" || product(dims) < LEAST_WORK) return undefined;
  const output = { type: "float32", dims } as const;
  const branch = (nodes: readonly OnnxNode[], result: string) =>
    ({
      kind: "graph",
      value: { nodes, inputs: [], outputs: [{ name: result, ...output }], initializers: [] },
    }) as const;
  const [multiplied, selected] = [builder.declare("float32", dims), builder.declare("float32", dims)];
  const { nodes, finite } = finiteness(mask.other, builder);
  const attributes = {
    then_branch: branch(multiply(mask, multiplied, builder), multiplied),
    else_branch: branch([{ ...node, outputs: [selected] }], selected),
  };
  return [...nodes, { op: "If", inputs: [finite], outputs: [name], attributes }];
};

function multiply({ condition, when, other }: Masking, output: string, builder: GraphBuilder): OnnxNode[] {
  const dims = builder.dims(condition);
  const [kept, ones] = [builder.declare("bool", dims), builder.declare("float32", dims)];
  const to = { kind: "int", value: dataTypes.float32 } as const;
  return [
    ...(when ? [{ op: "Not", inputs: [condition], outputs: [kept], attributes: {} }] : []),
    { op: "Cast", inputs: [when ? kept : condition], outputs: [ones], attributes: { to } },
    { op: "Mul", inputs: [ones, other], outputs: [output], attributes: {} },
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
