/**
 * Matrix products that take in what is done to them:
 *
 *     s (A B)'  ->  s (B' A')                      a dense layer's gradient, in the layout of its weights
 *     b M + a (A B)  ->  one Gemm (a, b constant)  the moving average of that gradient, or a layer with its bias
 *     a (1' B)       ->  (a 1') B   (a constant)   a share of the gradient of a bias
 *
 * ONNX Runtime has the first without the factor s only, and in the place where the second no longer finds it.
 */
import type { GraphBuilder } from "../graph.js";
import type { Attribute, OnnxGraph, OnnxNode } from "../model.js";
import { type Known, type Rewriting, rewrite, scaling } from "./rewrite.js";

/** The same function of the same inputs. `builder` made the graph and knows its values. */
export function fuseProducts(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  const rewritings = [transposedProduct, averagedProduct, scaledRowSum];
  return rewritings.reduce((current, rewriting) => rewrite(current, builder, rewriting), graph);
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
  if (source?.op !== "Gemm" || source.inputs.length > 2) return undefined;
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

/**
 * `name` as a constant times another value; as 1 times itself where it is no such product, or of a constant that a Gemm
 * cannot have, whose own are float32.
 */
function constantTimes(name: string, known: Known): { readonly factor: number; readonly of: string } {
  const node = known.single(name);
  const scaled = node && scaling(node, known);
  const factor = scaled && known.builder.scalarValue(scaled.factor);
  const isExact =
    factor !== undefined && (known.builder.type(name) !== "float64" || Math.fround(factor) === factor);
  return isExact ? { factor, of: scaled!.of } : { factor: 1, of: name };
}

/** A scaled sum over rows, which is a product with a row of one number, as a product with another row. */
const scaledRowSum: Rewriting = (node, known) => {
  const { builder } = known;
  const scaled = scaling(node, known);
  const factor = scaled && builder.scalarValue(scaled.factor);
  const reshape = scaled && known.single(scaled.of);
  const product = reshape?.op === "Reshape" ? known.single(reshape.inputs[0]!) : undefined;
  const row = product?.op === "MatMul" ? known.producer(product.inputs[0]!) : undefined;
  const entry = row?.op === "Expand" ? builder.scalarValue(row.inputs[0]!) : undefined;
  if (factor === undefined || entry === undefined) return undefined;
  const [scaledRow, sum] = [row, product].map((made) => {
    const [name] = made!.outputs as [string];
    return builder.declare(builder.type(name), builder.dims(name));
  }) as [string, string];
  const number = builder.scalar(builder.type(scaledRow), factor * entry);
  return [
    { ...row!, inputs: [number, row!.inputs[1]!], outputs: [scaledRow] },
    { ...product!, inputs: [scaledRow, product!.inputs[1]!], outputs: [sum] },
    { ...reshape!, inputs: [sum, reshape!.inputs[1]!], outputs: node.outputs },
  ];
};
