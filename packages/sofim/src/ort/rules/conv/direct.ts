/** Convolutions as ONNX has them. */
import { type GraphBuilder, int, ints } from "../../graph.js";
import { dense, layoutOrder, reshape, transpose, type View, viewOf } from "../../view.js";
import { padWithZeros } from "../movement.js";
import { covered, crop, type Grouped, onnxPads, outputShape } from "./grouped.js";

export function directConv(conv: Grouped): View {
  const { graph, images, kernels, params, groups } = conv;
  const [, filters, channels, ...sizes] = kernels.shape as [number, number, number, ...number[]];
  const merged = reshape(graph, kernels, [groups * filters, channels, ...sizes]);
  const cropped = crop(graph, dense(graph, images), params.padding, 2);
  const shape = outputShape(conv);
  const tensor = graph.emit("Conv", [cropped, dense(graph, merged)], images.type, shape, {
    kernel_shape: ints(sizes),
    strides: ints(params.strides),
    dilations: ints(params.rhsDilation),
    group: int(groups),
    pads: onnxPads(params.padding),
  });
  return viewOf(tensor, images.type, shape);
}

/**
 * A convolution with a reversed kernel, as the transpose of the convolution with the kernel itself: the reversal of a
 * reversed kernel is free.
 */
export function transposedConv(conv: Grouped): View {
  const { graph, images, kernels, params, groups } = conv;
  const [, filters, channels, ...sizes] = kernels.shape as [number, number, number, ...number[]];
  const restored: View = { ...kernels, flipped: reversedSpatially(kernels) };
  const byInput = transpose(restored, [0, 2, 1, ...sizes.map((_, i) => i + 3)]);
  const merged = reshape(graph, byInput, [groups * channels, filters, ...sizes]);
  const shape = outputShape(conv);
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
      pads: onnxPads(room),
    },
  );
  const result = padWithZeros(graph, viewOf(tensor, images.type, inner), [[0, 0], [0, 0], ...beyond]);
  return layoutOrder(images).at(-1) === 0 ? batchInnermost(graph, result) : result;
}

/**
 * `v` transposed to the layout of `foldedConv`. A view would do, but what meets it then is likely to be in that layout,
 * and larger.
 */
function batchInnermost(graph: GraphBuilder, v: View): View {
  const order = [...v.shape.keys()].slice(1).concat(0);
  const axes = v.shape.map((_, d) => order.indexOf(d));
  return viewOf(dense(graph, transpose(v, order)), v.type, v.shape, axes);
}

/** The axes to read backwards so that the kernel's spatial dimensions are reversed once more. */
function reversedSpatially(kernels: View): ReadonlySet<number> {
  const flipped = new Set(kernels.flipped);
  for (const axis of kernels.axes.slice(3)) {
    if (axis !== null && !flipped.delete(axis)) flipped.add(axis);
  }
  return flipped;
}
