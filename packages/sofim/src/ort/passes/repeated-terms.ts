/**
 * What a sum has twice, as the derivative of a square does, in one pass over memory less:
 *
 *     (a + s x) + s x  ->  a + (2 s) x       where s has fewer elements than x
 */
import type { GraphBuilder } from "../graph.js";
import { product } from "../jaxpr.js";
import type { OnnxGraph, OnnxNode } from "../model.js";
import { type Known, type Rewriting, rewrite } from "./rewrite.js";

/** The same function of the same inputs. `builder` made the graph and knows its values. */
export function mergeRepeatedTerms(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  return rewrite(graph, builder, repeatedTerm);
}

const repeatedTerm: Rewriting = ({ op, inputs, outputs }, known) => {
  if (op !== "Add") return undefined;
  const [x, y] = inputs as [string, string];
  return withoutRepetition(x, y, outputs, known) ?? withoutRepetition(y, x, outputs, known);
};

/** `sum` + `term`, if `term` is in `sum` once and nowhere else. */
function withoutRepetition(
  sum: string,
  term: string,
  outputs: readonly string[],
  known: Known,
): readonly OnnxNode[] | undefined {
  const { builder } = known;
  const inner = known.single(sum);
  const [scale, array] = known.uses(term) === 2 ? scaledArray(known.producer(term), builder) : [];
  const isRepeated =
    inner?.op === "Add" && inner.inputs.includes(term) && inner.inputs[0] !== inner.inputs[1];
  if (!isRepeated || scale === undefined || array === undefined) return undefined;
  const type = builder.type(term);
  const [doubled, scaled] = [
    builder.declare(type, builder.dims(scale)),
    builder.declare(type, builder.dims(term)),
  ];
  const rest = inner.inputs.find((name) => name !== term)!;
  return [
    { op: "Mul", inputs: [scale, builder.scalar(type, 2)], outputs: [doubled], attributes: {} },
    { op: "Mul", inputs: [doubled, array], outputs: [scaled], attributes: {} },
    { op: "Add", inputs: [rest, scaled], outputs, attributes: {} },
  ];
}

/** The factors of a product, the smaller one first; none if it is no product of floats, or of tensors of one size. */
function scaledArray(node: OnnxNode | undefined, builder: GraphBuilder): readonly string[] {
  if (node?.op !== "Mul" || !["float32", "float64"].includes(builder.type(node.outputs[0]!))) return [];
  const size = (name: string) => product(builder.dims(name));
  const [x, y] = node.inputs as [string, string];
  if (size(x) === size(y)) return [];
  return size(x) < size(y) ? [x, y] : [y, x];
}
