/** Convolutions that ONNX Runtime's own does not do: of other types than float32, and with strides over a dilated input. */
import { cast, int } from "../../graph.js";
import { product } from "../../jaxpr.js";
import { dense, reshape, reshapeTensor, transpose, transposeTensor, type View, viewOf } from "../../view.js";
import { padWithZeros } from "../movement.js";
import { type Grouped, outputShape } from "./grouped.js";

/** What the kernel meets at each of its places, gathered as the columns of a matrix, in a product with the kernel. */
export function gatheredConv(conv: Grouped): View {
  const { graph, images, kernels, groups } = conv;
  const [filters, channels, ...window] = kernels.shape.slice(1) as [number, number, ...number[]];
  const [batch, , ...out] = outputShape(conv) as [number, number, ...number[]];
  const work = images.type === "bool" ? "int32" : images.type;
  const [length, places] = [product(window) * channels, product(out) * batch];
  const rows = dense(graph, transpose(kernels, [0, 1, ...window.map((_, i) => i + 3), 2]));
  const factors = [
    reshapeTensor(graph, rows, [groups, filters, length]),
    reshapeTensor(graph, gathered(conv), [groups, length, places]),
  ].map((factor) => cast(graph, factor, work));
  const sums = graph.emit("MatMul", factors, work, [groups, filters, places]);
  const result = reshapeTensor(graph, cast(graph, sums, images.type), [groups * filters, ...out, batch]);
  const axes = [out.length + 1, ...Array(out.length + 1).keys()];
  return viewOf(result, images.type, [batch, groups * filters, ...out], axes);
}

/** [groups, ...window, C, ...out, N] of images [N, groups * C, ...], one spatial axis after the other. */
function gathered(conv: Grouped): string {
  const { graph, images, kernels, groups } = conv;
  const [batch, , ...size] = images.shape as [number, number, ...number[]];
  const spatial = [...size.keys()];
  const split = reshape(graph, images, [batch, groups, kernels.shape[2]!, ...size]);
  const inner = transpose(split, [1, ...spatial.map((i) => i + 3), 2, 0]);
  const meetings = spatial.map((i) => meetingsAlong(conv, i));
  const zeros = meetings.map((table, i): [number, number] => [0, table.flat().includes(size[i]!) ? 1 : 0]);
  const start = dense(graph, padWithZeros(graph, inner, [[0, 0], ...zeros, [0, 0], [0, 0]]));
  const whole = meetings.reduce((tensor, table, i) => {
    const shape = [table.length, table[0]!.length];
    const indices = graph.constant("int64", shape, BigInt64Array.from(table.flat(), BigInt));
    const axis = 2 * i + 1;
    const dims = graph.dims(tensor).toSpliced(axis, 1, ...shape);
    return graph.emit("Gather", [tensor, indices], images.type, dims, { axis: int(axis) });
  }, start);
  const [windows, outs] = [1, 2].map((first) => spatial.map((i) => 2 * i + first)) as [number[], number[]];
  const rank = 2 * spatial.length;
  return transposeTensor(graph, whole, [0, ...windows, rank + 1, ...outs, rank + 2]);
}

/**
 * Which element of a spatial axis each of the kernel's elements meets at each of its places: the one behind the last, a zero,
 * for padding and for the gaps of a dilated input.
 */
function meetingsAlong(conv: Grouped, i: number): readonly (readonly number[])[] {
  const { images, kernels, params } = conv;
  const [size, dilation] = [images.shape[i + 2]!, params.lhsDilation[i]!];
  const element = (position: number) => {
    const isThere = position >= 0 && position % dilation === 0 && position < size * dilation;
    return isThere ? position / dilation : size;
  };
  return Array.from({ length: kernels.shape[i + 3]! }, (_, k) =>
    Array.from({ length: outputShape(conv)[i + 2]! }, (_, place) =>
      element(place * params.strides[i]! + k * params.rhsDilation[i]! - params.padding[i]![0]),
    ),
  );
}
