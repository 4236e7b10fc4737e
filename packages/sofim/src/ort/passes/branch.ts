/**
 * Selection that computes only what it selects: `Where` nodes whose condition is one number become an `If`, and what only
 * one of its sides uses moves into that side.
 */
import type { GraphBuilder } from "../graph.js";
import { product } from "../jaxpr.js";
import { type OnnxGraph, type OnnxNode, reads, type ValueInfo } from "../model.js";

/** Elements that there must be to leave out: an `If` costs some microseconds, as much as a few small nodes. */
const LEAST_WORK = 1_024;

/** A side of a selection, as the position of the operand of `Where`. */
type Side = 1 | 2;

/** The same function of the same inputs. `builder` made the graph and knows its values. */
export function branch(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  // A GPU would have to hand the condition over before it could go on.
  if (builder.target === "gpu") return graph;
  const conditions = new Set(graph.nodes.filter((node) => selects(node, builder)).map(conditionOf));
  return [...conditions].reduce((current, condition) => branchOn(condition, current, builder), graph);
}

const conditionOf = ({ inputs }: OnnxNode): string => inputs[0]!;

/** Whether `node` takes one of two values of its own shape, all of it. */
function selects({ op, inputs, outputs }: OnnxNode, builder: GraphBuilder): boolean {
  if (op !== "Where") return false;
  const [condition, ...sides] = inputs.map((name) => builder.dims(name));
  return condition!.length === 0 && sides.every((dims) => String(dims) === String(builder.dims(outputs[0]!)));
}

function branchOn(condition: string, graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  const selections = independent(
    graph.nodes,
    (node) => selects(node, builder) && conditionOf(node) === condition,
  );
  const [taken, other] = ([1, 2] as const).map((side) => exclusive(graph, selections, side));
  const left = new Set([...taken!, ...other!]);
  const work = [...left].flatMap(({ outputs }) => outputs.map((name) => product(builder.dims(name))));
  if (work.reduce((sum, size) => sum + size, 0) < LEAST_WORK) return graph;
  const selection: OnnxNode = {
    op: "If",
    inputs: [condition],
    outputs: selections.flatMap(({ outputs }) => outputs),
    attributes: {
      then_branch: { kind: "graph", value: sideGraph(taken!, selections, 1, builder) },
      else_branch: { kind: "graph", value: sideGraph(other!, selections, 2, builder) },
    },
  };
  const kept = graph.nodes.filter((node) => !left.has(node) && !selections.includes(node));
  return { ...graph, nodes: inOrder([...kept, selection]) };
}

/** Those of the nodes chosen by `isChosen` that need no other of them. */
function independent(nodes: readonly OnnxNode[], isChosen: (node: OnnxNode) => boolean): readonly OnnxNode[] {
  const dependent = new Set<string>();
  return nodes.filter((node) => {
    const depends = reads(node).some((name) => dependent.has(name));
    const isFirst = isChosen(node) && !depends;
    if (isFirst || depends) for (const name of node.outputs) dependent.add(name);
    return isFirst;
  });
}

/** The nodes whose results only that side of the selections uses, in order. */
function exclusive(
  { nodes, outputs }: OnnxGraph,
  selections: readonly OnnxNode[],
  side: Side,
): readonly OnnxNode[] {
  const usedElsewhere = new Set(outputs.map(({ name }) => name));
  const found = nodes.toReversed().filter((node) => {
    if (selections.includes(node)) {
      node.inputs.forEach((name, i) => {
        if (i !== side) usedElsewhere.add(name);
      });
      return false;
    }
    const isExclusive = !node.outputs.some((name) => usedElsewhere.has(name));
    if (!isExclusive) for (const name of reads(node)) usedElsewhere.add(name);
    return isExclusive;
  });
  return found.reverse();
}

/** What the `If` runs: `nodes`, and for its results names of their own where they are made outside or occur twice. */
function sideGraph(
  nodes: readonly OnnxNode[],
  selections: readonly OnnxNode[],
  side: Side,
  builder: GraphBuilder,
): OnnxGraph {
  const free = new Set(nodes.flatMap(({ outputs }) => outputs));
  const copies: OnnxNode[] = [];
  const outputs = selections.map(({ inputs }): ValueInfo => {
    const source = inputs[side]!;
    const value = { type: builder.type(source), dims: builder.dims(source) };
    if (free.delete(source)) return { name: source, ...value };
    const name = builder.declare(value.type, value.dims);
    copies.push({ op: "Identity", inputs: [source], outputs: [name], attributes: {} });
    return { name, ...value };
  });
  return { nodes: [...nodes, ...copies], inputs: [], outputs, initializers: [] };
}

/** Every node after those that it needs, otherwise in the order given. */
function inOrder(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const ordered = new Set<OnnxNode>();
  const visit = (node: OnnxNode): void => {
    if (ordered.has(node)) return;
    for (const name of reads(node)) {
      const producer = producers.get(name);
      if (producer !== undefined) visit(producer);
    }
    ordered.add(node);
  };
  nodes.forEach(visit);
  return [...ordered];
}
