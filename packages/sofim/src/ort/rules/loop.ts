/** ONNX's Loop: a part of a graph that runs again and again on values of fixed shapes. */
import type { GraphBuilder } from "../graph.js";
import { type OnnxGraph, type OnnxNode, reads, type ValueInfo } from "../model.js";

interface Loop {
  /** How often it runs at most. */
  readonly turns: number;
  readonly initial: readonly string[];
  /** Values from around the loop that every turn reads. */
  readonly fixed?: readonly string[];
  /** Whether there is to be one more turn, from the values before it; without, there always is. */
  readonly goesOn?: (values: readonly string[]) => string;
}

/**
 * The values after the last turn. `step` emits one turn: the values after it from those before it, of the same shapes and
 * types, and from the number of turns so far, an int64 [1].
 */
export function loop(
  graph: GraphBuilder,
  { turns, initial, fixed = [], goesOn }: Loop,
  step: (turn: string, values: readonly string[]) => readonly string[],
): readonly string[] {
  const infos = initial.map((name) => ({ type: graph.type(name), dims: graph.dims(name) }));
  const [turn, condition] = [graph.declare("int64", []), graph.declare("bool", [])];
  const values = infos.map(({ type, dims }) => graph.declare(type, dims));
  const next = step(graph.emit("Reshape", [turn, graph.list([1])], "int64", [1]), values);
  const body = bodyOf(graph, {
    inputs: [turn, condition, ...values],
    outputs: [goesOn?.(next) ?? condition, ...next],
    fixed: [...initial, ...fixed],
  });
  const start = goesOn?.(initial) ?? graph.scalar("bool", 1);
  const inputs = [graph.scalar("int64", turns), start, ...initial];
  return graph.emitMany("Loop", inputs, infos, { body: { kind: "graph", value: body } });
}

interface Ends {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Values that are known not to depend on the inputs. */
  readonly fixed: readonly string[];
}

/** The nodes that lead from the inputs to the outputs. What does not depend on the inputs stays outside, computed once. */
function bodyOf(graph: GraphBuilder, { inputs, outputs, fixed }: Ends): OnnxGraph {
  const info = (name: string): ValueInfo => ({ name, type: graph.type(name), dims: graph.dims(name) });
  const inside = new Map([
    ...fixed.map((name) => [name, false] as const),
    ...inputs.map((name) => [name, true] as const),
  ]);
  const nodes: OnnxNode[] = [];
  const visit = (name: string): boolean => {
    const known = inside.get(name);
    if (known !== undefined) return known;
    const node = graph.producer(name);
    const depends = node !== undefined && reads(node).filter(visit).length > 0;
    if (depends) nodes.push(node);
    for (const output of node?.outputs ?? []) inside.set(output, depends);
    return depends;
  };
  const returned = new Set(inputs);
  const own = outputs.map((name) => {
    // ONNX Runtime returns neither what came in, nor from outside, nor one value twice.
    if (visit(name) && !returned.has(name)) {
      returned.add(name);
      return name;
    }
    const copied = graph.copy(name);
    nodes.push(graph.producer(copied)!);
    return copied;
  });
  return { nodes, inputs: inputs.map(info), outputs: own.map(info), initializers: [] };
}
