/**
 * Operators that ONNX Runtime's WebGPU provider lacks, in terms of those that it has: one operator on the CPU costs the
 * way there and back, milliseconds that the whole step would not take otherwise.
 *
 *     x or y  ->  not (not x and not y)
 *     x is NaN  ->  not (x <= infinity)
 */
import type { GraphBuilder } from "../graph.js";
import type { OnnxGraph } from "../model.js";
import { type Rewriting, rewrite } from "./rewrite.js";

/** The same function of the same inputs. `builder` made the graph and knows its values. */
export function keepOnGpu(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  if (builder.target !== "gpu") return graph;
  return rewrite(rewrite(graph, builder, disjunction), builder, nanTest);
}

const disjunction: Rewriting = ({ op, inputs, outputs }, { builder }) => {
  if (op !== "Or") return undefined;
  const negated = inputs.map((name) => builder.declare("bool", builder.dims(name)));
  const both = builder.declare("bool", builder.dims(outputs[0]!));
  return [
    ...inputs.map((name, i) => negation(name, negated[i]!)),
    { op: "And", inputs: negated, outputs: [both], attributes: {} },
    negation(both, outputs[0]!),
  ];
};

const nanTest: Rewriting = ({ op, inputs, outputs }, { builder }) => {
  if (op !== "IsNaN") return undefined;
  const [x] = inputs as [string];
  const isNumber = builder.declare("bool", builder.dims(x));
  // Not x = x, which a shader's compiler may take for true.
  const bounds = [x, builder.scalar(builder.type(x), Infinity)];
  return [
    { op: "LessOrEqual", inputs: bounds, outputs: [isNumber], attributes: {} },
    negation(isNumber, outputs[0]!),
  ];
};

const negation = (input: string, output: string) => ({
  op: "Not",
  inputs: [input],
  outputs: [output],
  attributes: {},
});
