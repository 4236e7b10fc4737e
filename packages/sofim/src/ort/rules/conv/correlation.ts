/**
 * Convolutions with a kernel as large as the image, for the few places where it fits: the form in which a convolution's
 * gradient by its kernels arrives, whose "images" are the channels of the input, whose "channels" are the batch, and whose
 * "kernels" are the gradient by the output.
 *
 * ONNX Runtime's columns would be as short as the output is small. Both forms here take operands in the layout that
 * `foldedConv` leaves them in.
 */
import { type GraphBuilder, int, ints } from "../../graph.js";
import { product } from "../../jaxpr.js";
import { dense, reshapeTensor, transpose, transposeTensor, type View, viewOf } from "../../view.js";
import { padWithZeros } from "../movement.js";
import { positions } from "../pool.js";
import { covered, crop, type Grouped, onnxPads, outputShape } from "./grouped.js";

/**
 * Images [B, C, H, W] as one volume [1, 1, H, W, C * B] and kernels [O, C, h, w] as [O, 1, h, w, C], dilated by B along
 * the last axis: every position of the kernel gives a column of all B images.
 */
export function correlateByConv(conv: Grouped): View {
  const { graph, images, kernels, params } = conv;
  const [batch, filters, ...out] = outputShape(conv) as [number, number, ...number[]];
  const [channels, ...size] = images.shape.slice(1) as [number, ...number[]];
  const window = kernels.shape.slice(3);
  const spatial = size.map((_, i) => i + 2);
  const inner = dense(graph, transpose(images, [...spatial, 1, 0]));
  const volume = reshapeTensor(graph, inner, [1, 1, ...size, channels * batch]);
  const solid = reshapeTensor(graph, kernelsChannelsLast(conv), [filters, 1, ...window, channels]);
  const cropped = crop(graph, volume, params.padding, 2);
  const tensor = graph.emit("Conv", [cropped, solid], images.type, [1, filters, ...out, batch], {
    kernel_shape: ints([...window, channels]),
    strides: ints([...params.strides, 1]),
    dilations: ints([...params.rhsDilation, batch]),
    group: int(1),
    pads: onnxPads([...params.padding, [0, 0]]),
  });
  const rank = out.length + 2;
  const axes = [rank - 1, ...Array(rank - 1).keys()];
  return viewOf(
    reshapeTensor(graph, tensor, [filters, ...out, batch]),
    images.type,
    [batch, filters, ...out],
    axes,
  );
}

/**
 * The images under each of the P places of the kernel, in one matrix product [P * B, h * w * C] [h * w * C, O]; a single
 * image in a product for each place, as a row and a matrix need no gathering.
 */
export function correlateByProducts(conv: Grouped): View {
  const { graph, images, kernels, params } = conv;
  const shape = outputShape(conv);
  const [batch, filters, ...out] = shape as [number, number, ...number[]];
  const [channels, ...window] = kernels.shape.slice(2) as [number, ...number[]];
  const length = product(kernels.shape.slice(2));
  const inner = transpose(images, [0, ...window.map((_, i) => i + 2), 1]);
  const padded = dense(graph, padWithZeros(graph, inner, [[0, 0], ...params.padding, [0, 0]]));
  const left = reshapeTensor(graph, kernelsChannelsLast(conv), [filters, length]);
  const right = transposeTensor(graph, left, [1, 0]);
  const parts = positions(out).map((place) => {
    const starts = place.map((at, i) => at * params.strides[i]!);
    const ends = starts.map((start, i) => start + covered(window[i]!, params.rhsDilation[i]!));
    const lists = [starts, ends, window.map((_, i) => i + 1), params.rhsDilation].map((list) =>
      graph.list(list),
    );
    return graph.emit("Slice", [padded, ...lists], images.type, [batch, ...window, channels]);
  });
  const products = (batch === 1 ? parts : [concatRows(graph, parts)]).map((rows) => {
    const count = graph.dims(rows)[0]!;
    const factors = [reshapeTensor(graph, rows, [count, length]), right];
    return graph.emit("Gemm", factors, images.type, [count, filters]);
  });
  const result = reshapeTensor(graph, concatRows(graph, products), [...out, batch, filters]);
  return viewOf(result, images.type, shape, [out.length, out.length + 1, ...out.keys()]);
}

/** Tensors of equal dimensions one below the other. */
function concatRows(graph: GraphBuilder, tensors: readonly string[]): string {
  if (tensors.length === 1) return tensors[0]!;
  const [rows, ...rest] = graph.dims(tensors[0]!) as [number, ...number[]];
  const dims = [tensors.length * rows, ...rest];
  return graph.emit("Concat", tensors, graph.type(tensors[0]!), dims, { axis: int(0) });
}

/** Kernels [O, h, w, C]. */
const kernelsChannelsLast = ({ graph, kernels }: Grouped): string =>
  dense(graph, transpose(kernels, [0, 1, ...kernels.shape.slice(3).map((_, i) => i + 3), 2]));
