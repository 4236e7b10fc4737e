/** Convolutions, among them the two that a convolution's gradient is made of. */
import { type GraphBuilder, ints } from "../graph.js";
import type { ConvParams } from "../jaxpr.js";
import { dense, transpose, type View, viewOf } from "../view.js";
import { padWithZeros } from "./movement.js";
import { type Application, type Rule, refuse } from "./rule.js";

/** Size that a kernel covers when its elements stand `dilation` apart. */
const covered = (size: number, dilation: number): number => (size - 1) * dilation + 1;

export const convRule: Rule<"conv"> = (application) => {
  const { params, operands } = application;
  if (params.vmapDims > 0) return refuse("conv", "convolutions under vmap (vmapDims > 0)")(application);
  const [images, kernels] = operands as [View, View];
  if (images.type !== "float32" || kernels.type !== "float32") {
    return refuse("conv", "ONNX Runtime convolves float32 only")(application);
  }
  if (isInputGradient(kernels, params)) return [transposedConv(application)];
  if (params.lhsDilation.some((dilation) => dilation > 1)) {
    return refuse(
      "conv",
      "a dilated input together with strides, or with padding wider than the kernel",
    )(application);
  }
  return [conv(application)];
};

function conv({ graph, operands, params, outputs }: Application<"conv">): View {
  const { shape, dtype } = outputs[0]!;
  const [images, kernels] = operands as [View, View];
  const cropped = crop(graph, dense(graph, images), params.padding);
  const tensor = graph.emit("Conv", [cropped, dense(graph, kernels)], dtype, shape, {
    kernel_shape: ints(kernels.shape.slice(2)),
    strides: ints(params.strides),
    dilations: ints(params.rhsDilation),
    pads: onnxPads(params.padding.map(([low, high]) => [Math.max(low, 0), Math.max(high, 0)])),
  });
  return viewOf(tensor, dtype, shape);
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
  const sizes = kernels.shape.slice(2);
  const isReversed = (size: number, i: number) => {
    const axis = kernels.axes[i + 2] ?? null;
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
function transposedConv({ graph, operands, params, outputs }: Application<"conv">): View {
  const { shape, dtype } = outputs[0]!;
  const [images, kernels] = operands as [View, View];
  const sizes = kernels.shape.slice(2);
  const restored: View = { ...kernels, flipped: reversedSpatially(kernels) };
  const byInput = transpose(restored, [1, 0, ...sizes.map((_, i) => i + 2)]);
  const room = params.padding.map((padding, i) => {
    const full = covered(sizes[i]!, params.rhsDilation[i]!) - 1;
    return padding.map((width) => full - width) as [number, number];
  });
  // Beyond full padding the kernel meets nothing but zeros (the rows that a strided convolution left over).
  const beyond = room.map(([low, high]) => [Math.max(-low, 0), Math.max(-high, 0)] as const);
  const inner = shape.map((size, d) => size - (beyond[d - 2]?.[0] ?? 0) - (beyond[d - 2]?.[1] ?? 0));
  const tensor = graph.emit("ConvTranspose", [dense(graph, images), dense(graph, byInput)], dtype, inner, {
    kernel_shape: ints(sizes),
    strides: ints(params.lhsDilation),
    dilations: ints(params.rhsDilation),
    pads: onnxPads(room.map(([low, high]) => [Math.max(low, 0), Math.max(high, 0)])),
  });
  return padWithZeros(graph, viewOf(tensor, dtype, inner), [[0, 0], [0, 0], ...beyond]);
}

/** The axes to read backwards so that the kernel's spatial dimensions are reversed once more. */
function reversedSpatially(kernels: View): ReadonlySet<number> {
  const flipped = new Set(kernels.flipped);
  for (const axis of kernels.axes.slice(2)) {
    if (axis !== null && !flipped.delete(axis)) flipped.add(axis);
  }
  return flipped;
}
