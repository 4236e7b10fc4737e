/**
 * Arithmetic on single numbers in few operators, as each costs as much as one on a thousand elements:
 *
 *     ((a + b) + c) + d  ->  one Sum
 *     x (1 / y)  ->  x / y             also for arrays, where nothing else uses 1 / y
 */
import type { GraphBuilder } from "../graph.js";
import type { OnnxGraph } from "../model.js";
import { type Known, type Rewriting, rewrite } from "./rewrite.js";

/** The same function of the same inputs. `builder` made the graph and knows its values. */
export function joinNumbers(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  const divided = rewrite(graph, builder, quotient);
  // ONNX Runtime has no Sum for GPUs.
  return builder.target === "gpu" ? divided : rewrite(divided, builder, sum);
}

const quotient: Rewriting = ({ op, inputs, outputs }, { builder, producer, single }) => {
  if (op !== "Mul") return undefined;
  const [x, y] = inputs as [string, string];
  for (const [factor, inverse] of [[x, y] as const, [y, x] as const]) {
    const node = builder.dims(inverse).length === 0 ? producer(inverse) : single(inverse);
    const isAlike = String(builder.dims(factor)) === String(builder.dims(inverse));
    if (node?.op !== "Reciprocal" || !isAlike) continue;
    return [{ op: "Div", inputs: [factor, node.inputs[0]!], outputs, attributes: {} }];
  }
  return undefined;
};

const sum: Rewriting = ({ op, inputs, outputs }, known) => {
  const [name] = outputs as [string];
  if (op !== "Add" || !isNumber(name, known)) return undefined;
  const terms = inputs.flatMap((term) => termsOf(term, known));
  return terms.length > 2 ? [{ op: "Sum", inputs: terms, outputs, attributes: {} }] : undefined;
};

/** What adds up to `name`, in order: itself, if it is no sum or is used elsewhere as well. */
function termsOf(name: string, known: Known): readonly string[] {
  const node = isNumber(name, known) ? known.single(name) : undefined;
  return node?.op === "Add" ? node.inputs.flatMap((term) => termsOf(term, known)) : [name];
}

/** ONNX Runtime sums no integers. */
const isNumber = (name: string, { builder }: Known): boolean =>
  builder.dims(name).length === 0 && ["float32", "float64"].includes(builder.type(name));
