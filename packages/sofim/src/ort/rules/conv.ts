/** Convolutions, among them the two that a convolution's gradient is made of. */
import { type GraphBuilder, int, ints } from "../graph.js";
import { type ConvParams, product } from "../jaxpr.js";
import { broadcast, dense, reshape, transpose, type View, viewOf } from "../view.js";
import { padWithZeros } from "./movement.js";
import { type Application, type Rule, refuse } from "./rule.js";

/** Size that a kernel covers when its elements stand `dilation` apart. */
const covered = (size: number, dilation: number): number => (size - 1) * dilation + 1;

export const convRule: Rule<"conv"> = (application) => {
  const { graph, params, operands, outputs } = application;
  const problem = problemOf(application);
  if (problem !== undefined) return refuse("conv", problem)(application);
  const [images, kernels] = groupOperands(graph, operands as [View, View], params.vmapDims);
  const grouped: Grouped = {
    graph,
    images,
    kernels,
    params,
    groups: product(outputs[0]!.shape.slice(0, params.vmapDims)),
  };
  const result = isInputGradient(kernels, params) ? transposedConv(grouped) : conv(grouped);
  return [ungroup(graph, result, outputs[0]!.shape, params.vmapDims)];
};

function problemOf({ params, operands }: Application<"conv">): string | undefined {
  if (operands.some(({ type }) => type !== "float32")) return "ONNX Runtime convolves float32 only";
  const dilated = params.lhsDilation.some((dilation) => dilation > 1);
  const strided = params.strides.some((stride) => stride > 1);
  return dilated && strided ? "a dilated input together with strides" : undefined;
}

/** A convolution in ONNX's terms: images [N, groups * C, ...], kernels [groups, O, C, ...]. */
interface Grouped {
  readonly graph: GraphBuilder;
  readonly images: View;
  readonly kernels: View;
  readonly params: ConvParams;
  readonly groups: number;
}

/** Leading vmapped dimensions become groups of channels. */
function groupOperands(graph: GraphBuilder, [images, kernels]: readonly [View, View], vmapped: number) {
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
  ] as const;
}

/** [N, groups * O, ...] back to [...vmapped, N, O, ...]. */
function ungroup(graph: GraphBuilder, v: View, shape: readonly number[], vmapped: number): View {
  const [batch, ...rest] = shape.slice(vmapped) as [number, ...number[]];
  const split = reshape(graph, v, [batch, ...shape.slice(0, vmapped), ...rest]);
  const perm = [...Array(vmapped).keys()].map((d) => d + 1);
  return transpose(split, [...perm, 0, ...rest.map((_, i) => vmapped + 1 + i)]);
}

/** Size along one dimension of what a convolution gives. */
function outputSize(input: number, kernel: number, { params }: Grouped, i: number): number {
  const [low, high] = params.padding[i]!;
  const padded = covered(input, params.lhsDilation[i]!) + low + high;
  return Math.floor((padded - covered(kernel, params.rhsDilation[i]!)) / params.strides[i]!) + 1;
}

function outputShape(grouped: Grouped): readonly number[] {
  const [groups, filters, , ...kernel] = grouped.kernels.shape as [number, number, number, ...number[]];
  const [batch, , ...size] = grouped.images.shape as [number, number, ...number[]];
  return [batch, groups * filters, ...size.map((input, i) => outputSize(input, kernel[i]!, grouped, i))];
}

function conv(grouped: Grouped): View {
  const { graph, images, kernels, params, groups } = grouped;
  const [, filters, channels, ...sizes] = kernels.shape as [number, number, number, ...number[]];
  const merged = reshape(graph, kernels, [groups * filters, channels, ...sizes]);
  const cropped = crop(graph, dense(graph, images), params.padding);
  const shape = outputShape(grouped);
  const tensor = graph.emit("Conv", [cropped, dense(graph, merged)], images.type, shape, {
    kernel_shape: ints(sizes),
    strides: ints(params.strides),
    dilations: ints(params.rhsDilation),
    group: int(groups),
    pads: onnxPads(params.padding.map(([low, high]) => [Math.max(low, 0), Math.max(high, 0)])),
  });
  return viewOf(tensor, images.type, shape);
}

/** ONNX lists all paddings at the beginnings of the axes, then all at their ends. */
const onnxPads = (padding: readonly (readonly [number, number])[]) =>
  ints([...padding.map(([low]) => low), ...padding.map(([, high]) => high)]);

/** Cuts off what negative padding asks for; ONNX's own paddings are not negative. */
function crop(graph: GraphBuilder, tensor: string, padding: ConvParams["padding"]): string {
  const cut = padding.flatMap(([low, high], i) => (low < 0 || high < 0 ? [{ axis: i + 2, low, high }] : []));
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

/**
 * Whether this is the form in which a convolution's gradient by its input arrives: stride 1, and a kernel
 * with reversed spatial dimensions or an input dilated by the forward stride.
 */
function isInputGradient(kernels: View, params: ConvParams): boolean {
  const sizes = kernels.shape.slice(3);
  const isReversed = (size: number, i: number) => {
    const axis = kernels.axes[i + 3] ?? null;
    return size === 1 || (axis !== null && kernels.flipped.has(axis));
  };
  const reversed = kernels.flipped.size > 0 && sizes.every(isReversed);
  const dilated = params.lhsDilation.some((dilation) => dilation > 1);
  return (reversed || dilated) && params.strides.every((stride) => stride === 1);
}

/**
 * A convolution with a reversed kernel, as the transpose of the convolution with the kernel itself: twice as
 * fast in ONNX Runtime, and the reversal of a reversed kernel is free.
 */
function transposedConv(grouped: Grouped): View {
  const { graph, images, kernels, params, groups } = grouped;
  const [, filters, channels, ...sizes] = kernels.shape as [number, number, number, ...number[]];
  const restored: View = { ...kernels, flipped: reversedSpatially(kernels) };
  const byInput = transpose(restored, [0, 2, 1, ...sizes.map((_, i) => i + 3)]);
  const merged = reshape(graph, byInput, [groups * channels, filters, ...sizes]);
  const shape = outputShape(grouped);
  const room = params.padding.map((padding, i) => {
    const full = covered(sizes[i]!, params.rhsDilation[i]!) - 1;
    return padding.map((width) => full - width) as [number, number];
  });
  // Beyond full padding the kernel meets nothing but zeros (the rows that a strided convolution left over).
  const beyond = room.map(([low, high]) => [Math.max(-low, 0), Math.max(-high, 0)] as const);
  const inner = shape.map((size, d) => size - (beyond[d - 2]?.[0] ?? 0) - (beyond[d - 2]?.[1] ?? 0));
  const tensor = graph.emit(
    "ConvTranspose",
    [dense(graph, images), dense(graph, merged)],
    images.type,
    inner,
    {
      kernel_shape: ints(sizes),
      strides: ints(params.lhsDilation),
      dilations: ints(params.rhsDilation),
      group: int(groups),
      pads: onnxPads(room.map(([low, high]) => [Math.max(low, 0), Math.max(high, 0)])),
    },
  );
  return padWithZeros(graph, viewOf(tensor, images.type, inner), [[0, 0], [0, 0], ...beyond]);
}

/** The axes to read backwards so that the kernel's spatial dimensions are reversed once more. */
function reversedSpatially(kernels: View): ReadonlySet<number> {
  const flipped = new Set(kernels.flipped);
  for (const axis of kernels.axes.slice(3)) {
    if (axis !== null && !flipped.delete(axis)) flipped.add(axis);
  }
  return flipped;
}
