/** A convolution in ONNX's terms, and what its forms have in common. */
import { type GraphBuilder, ints } from "../../graph.js";
import { type ConvParams, product } from "../../jaxpr.js";
import { broadcast, reshape, transpose, type View } from "../../view.js";

/** Images [N, groups * C, ...] and kernels [groups, O, C, ...], one dimension or more in the place of the dots. */
export interface Grouped {
  readonly graph: GraphBuilder;
  readonly images: View;
  readonly kernels: View;
  readonly params: ConvParams;
  readonly groups: number;
}

/** Leading vmapped dimensions become groups of channels. */
export function groupOperands(
  graph: GraphBuilder,
  [images, kernels]: readonly [View, View],
  vmapped: number,
): readonly [View, View] {
  const shape = images.shape.slice(0, vmapped).map((size, d) => Math.max(size, kernels.shape[d]!));
  const groups = product(shape);
  const stretch = (v: View) => broadcast(v, [...shape, ...v.shape.slice(vmapped)], []);
  const [batch, channels, ...size] = images.shape.slice(vmapped) as [number, number, ...number[]];
  const dims = [...shape.keys()];
  const spatial = size.map((_, i) => vmapped + 2 + i);
  const byImage = transpose(stretch(images), [vmapped, ...dims, vmapped + 1, ...spatial]);
  return [
    reshape(graph, byImage, [batch, groups * channels, ...size]),
    reshape(graph, stretch(kernels), [groups, ...kernels.shape.slice(vmapped)]),
  ];
}

/** [N, groups * O, ...] back to [...vmapped, N, O, ...]. */
export function ungroup(graph: GraphBuilder, v: View, shape: readonly number[], vmapped: number): View {
  const [batch, ...rest] = shape.slice(vmapped) as [number, ...number[]];
  const split = reshape(graph, v, [batch, ...shape.slice(0, vmapped), ...rest]);
  const perm = [...Array(vmapped).keys()].map((d) => d + 1);
  return transpose(split, [...perm, 0, ...rest.map((_, i) => vmapped + 1 + i)]);
}

/** Size that a kernel covers when its elements stand `dilation` apart. */
export const covered = (size: number, dilation: number): number => (size - 1) * dilation + 1;

/** [N, groups * O, ...] that the convolution gives. */
export function outputShape({ images, kernels, params, groups }: Grouped): readonly number[] {
  const [filters, , ...kernel] = kernels.shape.slice(1) as [number, number, ...number[]];
  const [batch, , ...size] = images.shape as [number, number, ...number[]];
  const out = size.map((input, i) => {
    const [low, high] = params.padding[i]!;
    const padded = covered(input, params.lhsDilation[i]!) + low + high;
    return Math.floor((padded - covered(kernel[i]!, params.rhsDilation[i]!)) / params.strides[i]!) + 1;
  });
  return [batch, groups * filters, ...out];
}

/** ONNX lists all paddings at the beginnings of the axes, then all at their ends; its own are not negative. */
export const onnxPads = (padding: ConvParams["padding"]) =>
  ints([...padding.map(([low]) => Math.max(low, 0)), ...padding.map(([, high]) => Math.max(high, 0))]);

/** Cuts off what negative padding asks for; `first` is the tensor's first padded axis. */
export function crop(
  graph: GraphBuilder,
  tensor: string,
  padding: ConvParams["padding"],
  first: number,
): string {
  const cut = padding.flatMap(([low, high], i) =>
    low < 0 || high < 0 ? [{ axis: i + first, low, high }] : [],
  );
  if (cut.length === 0) return tensor;
  const dims = graph.dims(tensor);
  const starts = cut.map(({ low }) => Math.max(-low, 0));
  const ends = cut.map(({ axis, high }) => dims[axis]! + Math.min(high, 0));
  const left = dims.map((size, axis) => {
    const i = cut.findIndex((entry) => entry.axis === axis);
    return i < 0 ? size : ends[i]! - starts[i]!;
  });
  const lists = [starts, ends, cut.map(({ axis }) => axis)].map((list) => graph.list(list));
  return graph.emit("Slice", [tensor, ...lists], graph.type(tensor), left);
}
