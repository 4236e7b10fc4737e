import { type OnnxGraph, reads } from "./model.js";

/** Only the nodes and constants that the outputs need, in the same order. */
export function prune(graph: OnnxGraph): OnnxGraph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    const isNeeded = node.outputs.some((name) => needed.has(name));
    if (isNeeded) for (const name of reads(node)) needed.add(name);
    return isNeeded;
  });
  const initializers = graph.initializers.filter(({ name }) => needed.has(name));
  return { ...graph, nodes: nodes.reverse(), initializers };
}
