/**
 * Rewrites around matrix products that need to know who uses a value, and so a finished graph:
 *
 *     s (A B)'  ->  s (B' A')                      a dense layer's gradient, in the layout of its weights
 *     b M + a (A B)  ->  one Gemm (a, b constant)  the moving average of that gradient, or a layer with its bias
 *
 * ONNX Runtime has the first without the factor s only, and not the second.
 */
import type { GraphBuilder } from "./graph.js";
import type { Attribute, OnnxGraph, OnnxNode } from "./model.js";
import { prune } from "./prune.js";

/** The same function of the same inputs. `builder` made the graph and knows its values. */
export function fuseProducts(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  return rewrite(rewrite(graph, builder, transposedProduct), builder, averagedProduct);
}

/** What takes the place of a node; its last node has the old one's output. Undefined: the node stays. */
type Rewriting = (node: OnnxNode, known: Known) => readonly OnnxNode[] | undefined;

interface Known {
  readonly builder: GraphBuilder;
  /** The node that computes a value for one use and no other. */
  single(name: string): OnnxNode | undefined;
  /** The value of a float32 constant without dimensions. */
  constant(name: string): number | undefined;
}

function rewrite(graph: OnnxGraph, builder: GraphBuilder, rewriting: Rewriting): OnnxGraph {
  const known = survey(graph, builder);
  const nodes = graph.nodes.flatMap((node) => rewriting(node, known) ?? [node]);
  return prune({ ...graph, nodes });
}

function survey({ nodes, outputs, initializers }: OnnxGraph, builder: GraphBuilder): Known {
  const uses = new Map<string, number>();
  for (const name of [...nodes.flatMap(({ inputs }) => inputs), ...outputs.map(({ name }) => name)]) {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const constants = new Map(initializers.map((constant) => [constant.name, constant]));
  return {
    builder,
    single: (name) => (uses.get(name) === 1 ? producers.get(name) : undefined),
    constant(name) {
      const found = constants.get(name);
      if (found?.type !== "float32" || found.dims.length > 0) return undefined;
      return new DataView(found.data.buffer, found.data.byteOffset).getFloat32(0, true);
    },
  };
}

/** A factor without dimensions and what it multiplies, if `node` is such a product. */
function scaling({ op, inputs }: OnnxNode, { builder }: Known): { factor: string; of: string } | undefined {
  if (op !== "Mul") return undefined;
  const [x, y] = inputs as [string, string];
  if (builder.dims(y).length === 0) return { factor: y, of: x };
  return builder.dims(x).length === 0 ? { factor: x, of: y } : undefined;
}

const transposedProduct: Rewriting = (node, known) => {
  if (node.op !== "Transpose" || String(permutation(node)) !== "1,0") return undefined;
  const [name] = node.outputs as [string];
  const factors: string[] = [];
  let source = known.single(node.inputs[0]!);
  for (let scaled = source && scaling(source, known); scaled; scaled = source && scaling(source, known)) {
    factors.unshift(scaled.factor);
    source = known.single(scaled.of);
  }
  if (source?.op !== "Gemm" || source.inputs.length > 2 || factors.length === 0) return undefined;
  const { builder } = known;
  const stages = [...factors.map(() => builder.declare(builder.type(name), builder.dims(name))), name];
  return [
    { ...turnedGemm(source), outputs: [stages[0]!] },
    ...factors.map((factor, i) => ({
      op: "Mul",
      inputs: [stages[i]!, factor],
      outputs: [stages[i + 1]!],
      attributes: {},
    })),
  ];
};

function permutation({ attributes }: OnnxNode): readonly number[] | undefined {
  return attributes.perm?.kind === "ints" ? attributes.perm.value : undefined;
}

/** (A B)' as B' A'. */
function turnedGemm({
  op,
  inputs,
  attributes: { transA, transB, ...rest },
}: OnnxNode): Omit<OnnxNode, "outputs"> {
  const not = (flag: Attribute | undefined): Attribute => ({
    kind: "int",
    value: flag?.kind === "int" && flag.value === 1 ? 0 : 1,
  });
  return {
    op,
    inputs: inputs.toReversed(),
    attributes: { ...rest, transA: not(transB), transB: not(transA) },
  };
}

const averagedProduct: Rewriting = (node, known) => {
  if (node.op !== "Add") return undefined;
  const [x, y] = node.inputs as [string, string];
  return accumulate(node, x, y, known) ?? accumulate(node, y, x, known);
};

/** `node` = `sum` + `product` as one Gemm, if `product` is one, perhaps scaled by a constant. */
function accumulate(
  node: OnnxNode,
  sum: string,
  product: string,
  known: Known,
): readonly OnnxNode[] | undefined {
  const addend = constantTimes(sum, known);
  const scaled = constantTimes(product, known);
  const gemm = known.single(scaled.of);
  const fits = stretches(known.builder.dims(sum), known.builder.dims(product));
  if (gemm?.op !== "Gemm" || gemm.inputs.length > 2 || !fits) return undefined;
  const attributes = {
    ...gemm.attributes,
    alpha: { kind: "float", value: scaled.factor },
    beta: { kind: "float", value: addend.factor },
  } as const;
  return [{ op: "Gemm", inputs: [...gemm.inputs, addend.of], outputs: node.outputs, attributes }];
}

/** Whether broadcasting makes `dims` of `from` and leaves `to` as it is. */
function stretches(from: readonly number[], to: readonly number[]): boolean {
  const shift = to.length - from.length;
  return shift >= 0 && from.every((size, d) => size === 1 || size === to[d + shift]);
}

/** `name` as a constant times another value; as 1 times itself where it is no such product. */
function constantTimes(name: string, known: Known): { readonly factor: number; readonly of: string } {
  const node = known.single(name);
  const scaled = node && scaling(node, known);
  const factor = scaled && known.constant(scaled.factor);
  return factor === undefined ? { factor: 1, of: name } : { factor, of: scaled!.of };
}
