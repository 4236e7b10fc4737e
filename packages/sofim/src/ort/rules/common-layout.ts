/** Operands of different layouts brought to one, chosen so that little is transposed. */
import { type GraphBuilder, string } from "../graph.js";
import { type ElementType, product } from "../jaxpr.js";
import { arrange, layoutOrder, padRank, reshapeTensor, unflip, type View, viewOf } from "../view.js";

/** Emits the operator on tensors of a common layout with the given dimensions; returns its output. */
type Emit = (tensors: readonly string[], dims: readonly number[]) => string;

/** Applies an operator to views of possibly different layouts; `type` is the type of what `emit` returns. */
export function elementwise(
  graph: GraphBuilder,
  operands: readonly View[],
  type: ElementType,
  shape: readonly number[],
  emit: Emit,
): View {
  const views = operands.map((v) => unflip(graph, padRank(v, shape.length)));
  const order = commonOrder(views, shape.length);
  const dims = order.map((d) => shape[d]!);
  const result = emit(
    views.map((v) => upsampled(graph, v, order, dims) ?? arrange(graph, v, order)),
    dims,
  );
  const axes = shape.map((_, d) => (order.includes(d) ? order.indexOf(d) : null));
  return viewOf(result, type, shape, axes);
}

/** The order of dimensions, among the operands' own, for which the fewest elements are transposed. */
function commonOrder(views: readonly View[], rank: number): readonly number[] {
  const used = Array.from({ length: rank }, (_, d) => d).filter((d) => views.some((v) => v.axes[d] !== null));
  const candidates = [used, ...views.map(layoutOrder)].map((order) => [
    ...used.filter((d) => !order.includes(d)),
    ...order,
  ]);
  const cost = (order: readonly number[]) =>
    views.reduce((sum, v) => sum + (followsOrder(layoutOrder(v), order) ? 0 : size(v)), 0);
  return candidates.reduce((best, order) => (cost(order) < cost(best) ? order : best));
}

const size = (v: View): number => product(layoutOrder(v).map((d) => v.shape[d]!));

function followsOrder(own: readonly number[], order: readonly number[]): boolean {
  return own.every((d, i) => i === 0 || order.indexOf(own[i - 1]!) < order.indexOf(d));
}

/**
 * An operand that is constant within the windows of a pooled image ([..., h, kh, w, kw], varying over h and
 * w only) as a nearest-neighbour upsampling: ONNX Runtime's broadcasts over short inner axes are more than
 * ten times slower. Undefined where this is not the case.
 */
function upsampled(
  graph: GraphBuilder,
  v: View,
  order: readonly number[],
  dims: readonly number[],
): string | undefined {
  const [h, kh, w, kw] = order.slice(-4);
  if (order.length < 4 || v.type !== "float32") return undefined;
  const varies = (d: number | undefined) => v.axes[d!] !== null;
  if (!varies(h) || varies(kh) || !varies(w) || varies(kw)) return undefined;
  const outer = order.slice(0, -4).filter(varies);
  const planes = product(outer.map((d) => v.shape[d]!));
  const [height, scaleH, width, scaleW] = dims.slice(-4) as [number, number, number, number];
  const image = reshapeTensor(graph, arrange(graph, v, [...outer, h!, w!]), [1, planes, height, width]);
  const scales = graph.constant("float32", [4], Float32Array.of(1, 1, scaleH, scaleW));
  const large = graph.emit(
    "Resize",
    [image, "", scales],
    "float32",
    [1, planes, height * scaleH, width * scaleW],
    {
      mode: string("nearest"),
      coordinate_transformation_mode: string("asymmetric"),
      nearest_mode: string("floor"),
    },
  );
  const leading = order.slice(0, -4).map((d) => (varies(d) ? v.shape[d]! : 1));
  return reshapeTensor(graph, large, [...leading, height, scaleH, width, scaleW]);
}
