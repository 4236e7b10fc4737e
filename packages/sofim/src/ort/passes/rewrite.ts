/** Rewriting of single nodes that need to know who uses a value, and so a finished graph. */
import type { GraphBuilder } from "../graph.js";
import { type OnnxGraph, type OnnxNode, reads } from "../model.js";
import { prune } from "../prune.js";

/** What takes the place of a node; its last node has the old one's output. Undefined: the node stays. */
export type Rewriting = (node: OnnxNode, known: Known) => readonly OnnxNode[] | undefined;

export interface Known {
  readonly builder: GraphBuilder;
  /** The node that computes a value; undefined for inputs and constants. */
  producer(name: string): OnnxNode | undefined;
  /** How often nodes and the graph's results read a value. */
  uses(name: string): number;
  /** The node that computes a value for one use and no other. */
  single(name: string): OnnxNode | undefined;
}

/** The graph with every node that `rewriting` knows better replaced. */
export function rewrite(graph: OnnxGraph, builder: GraphBuilder, rewriting: Rewriting): OnnxGraph {
  const known = survey(graph, builder);
  const nodes = graph.nodes.flatMap((node) => rewriting(node, known) ?? [node]);
  return prune({ ...graph, nodes, initializers: builder.constants });
}

function survey({ nodes, outputs }: OnnxGraph, builder: GraphBuilder): Known {
  const counts = new Map<string, number>();
  for (const name of [...nodes.flatMap(reads), ...outputs.map(({ name }) => name)]) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const uses = (name: string) => counts.get(name) ?? 0;
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  return {
    builder,
    uses,
    producer: (name) => producers.get(name),
    single: (name) => (uses(name) === 1 ? producers.get(name) : undefined),
  };
}

/** A factor without dimensions and what it multiplies, if `node` is such a product. */
export function scaling(
  { op, inputs }: OnnxNode,
  { builder }: Known,
): { factor: string; of: string } | undefined {
  if (op !== "Mul") return undefined;
  const [x, y] = inputs as [string, string];
  if (builder.dims(y).length === 0) return { factor: y, of: x };
  return builder.dims(x).length === 0 ? { factor: x, of: y } : undefined;
}
