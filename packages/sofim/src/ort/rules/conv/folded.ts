/** A convolution of a batch as the convolution of one wide image. */
import { int, ints } from "../../graph.js";
import { dense, reshape, reshapeTensor, transpose, type View, viewOf } from "../../view.js";
import { crop, type Grouped, onnxPads, outputShape } from "./grouped.js";

/**
 * The batch becomes the innermost part of the width: [N, C, H, W] is read as [1, C, H, W * N], and the kernel's columns
 * stand N times as far apart. Windows that begin at the same pixel of neighbouring images then lie side by side in
 * memory, and a channel lies in one piece, as normalizations like it. The result keeps this layout, so in a network only
 * the first layer transposes.
 *
 * For one group, an input without dilation, and stride 1 along the width.
 */
export function foldedConv(conv: Grouped): View {
  const { graph, images, kernels, params } = conv;
  const [filters, , ...sizes] = kernels.shape.slice(1) as [number, number, ...number[]];
  const [batch, ...out] = outputShape(conv).toSpliced(1, 1) as [number, ...number[]];
  const last = out.length - 1;
  const fold = (values: readonly number[]) => values.map((value, i) => (i === last ? value * batch : value));
  const channels = images.shape[1]!;
  const apart = transpose(images, [...images.shape.keys()].slice(1).concat(0));
  const cropped = crop(graph, dense(graph, apart), params.padding, 1);
  const wide = reshapeTensor(graph, cropped, [1, channels, ...fold(graph.dims(cropped).slice(1, -1))]);
  const merged = reshape(graph, kernels, kernels.shape.slice(1));
  const tensor = graph.emit("Conv", [wide, dense(graph, merged)], images.type, [1, filters, ...fold(out)], {
    kernel_shape: ints(sizes),
    strides: ints(params.strides),
    dilations: ints(fold(params.rhsDilation)),
    group: int(1),
    pads: onnxPads(params.padding.map((pair, i) => (i === last ? [pair[0] * batch, pair[1] * batch] : pair))),
  });
  const result = reshapeTensor(graph, tensor, [filters, ...out, batch]);
  const axes = [out.length + 1, ...Array(out.length + 1).keys()];
  return viewOf(result, images.type, [batch, filters, ...out], axes);
}
