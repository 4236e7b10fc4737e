/**
 * A selection within a selection, of the same number, as one:
 *
 *     c ? s : (d ? s : y)  ->  (c or d) ? s : y           the gradient of a maximum of rectified values
 *
 * ONNX Runtime selects on one thread and in three passes; it combines conditions, a byte each, on all.
 */
import type { GraphBuilder } from "../graph.js";
import type { OnnxGraph, OnnxNode } from "../model.js";
import { type Known, type Rewriting, rewrite } from "./rewrite.js";

/** The same function of the same inputs. `builder` made the graph and knows its values. */
export function mergeSelections(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  return rewrite(graph, builder, nestedSelection);
}

/** A selection of one number where `condition` is `when`, else of `other`. */
export interface Masking {
  readonly condition: string;
  readonly when: boolean;
  readonly number: string;
  readonly other: string;
}

const nestedSelection: Rewriting = (node, known) => {
  const { builder } = known;
  const outer = masking(node, builder);
  if (outer === undefined) return undefined;
  const { inner: selection, reshape } = innerSelection(outer.other, known);
  const inner = selection && masking(selection, builder);
  if (inner === undefined || inner.number !== outer.number) return undefined;
  const [name] = selection!.outputs as [string];
  const dims = builder.dims(name);
  const steps: OnnxNode[] = [];
  const flag = (op: string, ...inputs: string[]): string => {
    const output = builder.declare("bool", dims);
    steps.push({ op, inputs, outputs: [output], attributes: {} });
    return output;
  };
  const shaped = reshape ? flag("Reshape", outer.condition, builder.list(dims)) : outer.condition;
  const same = outer.when === inner.when ? shaped : flag("Not", shaped);
  const condition = flag(inner.when ? "Or" : "And", same, inner.condition);
  const result = reshape ? builder.declare(builder.type(name), dims) : node.outputs[0]!;
  const sides = inner.when ? [inner.number, inner.other] : [inner.other, inner.number];
  steps.push({ op: "Where", inputs: [condition, ...sides], outputs: [result], attributes: {} });
  if (reshape) steps.push({ ...reshape, inputs: [result, reshape.inputs[1]!], outputs: node.outputs });
  return steps;
};

export function masking({ op, inputs, outputs }: OnnxNode, builder: GraphBuilder): Masking | undefined {
  if (op !== "Where") return undefined;
  const [condition, x, y] = inputs as [string, string, string];
  if (String(builder.dims(condition)) !== String(builder.dims(outputs[0]!))) return undefined;
  if (builder.dims(x).length === 0) return { condition, when: true, number: x, other: y };
  return builder.dims(y).length === 0 ? { condition, when: false, number: y, other: x } : undefined;
}

/** What computes `name`, and the reshaping between, if nothing else uses either. */
function innerSelection(
  name: string,
  known: Known,
): { readonly inner?: OnnxNode; readonly reshape?: OnnxNode } {
  const node = known.single(name);
  if (node?.op !== "Reshape") return node === undefined ? {} : { inner: node };
  const inner = known.single(node.inputs[0]!);
  return inner === undefined ? {} : { inner, reshape: node };
}
