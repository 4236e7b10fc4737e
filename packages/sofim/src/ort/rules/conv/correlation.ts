/**
 * Convolutions with a kernel as large as the image, for the few places where it fits: the form in which a convolution's
 * gradient by its kernels arrives, whose "images" are the channels of the input, whose "channels" are the batch, and whose
 * "kernels" are the gradient by the output.
 *
 * ONNX Runtime's columns would be as short as the output is small, on a CPU; on a GPU, its convolutions of this form took
 * nine tenths of LeNet-5's step. The forms for a CPU take operands in the layout that `foldedConv` leaves them in.
 */
import { type GraphBuilder, int, ints } from "../../graph.js";
import { product } from "../../jaxpr.js";
import { dense, reshapeTensor, transpose, transposeTensor, type View, viewOf } from "../../view.js";
import { padWithZeros } from "../movement.js";
import { positions } from "../pool.js";
import { reduce } from "../reduce.js";
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
  const window = kernels.shape.slice(3);
  const length = product(kernels.shape.slice(2));
  const inner = transpose(images, [0, ...window.map((_, i) => i + 2), 1]);
  const padded = dense(graph, padWithZeros(graph, inner, [[0, 0], ...params.padding, [0, 0]]));
  const left = reshapeTensor(graph, kernelsChannelsLast(conv), [filters, length]);
  const right = transposeTensor(graph, left, [1, 0]);
  const parts = windowsAtPlaces(
    conv,
    padded,
    [...window.keys()].map((i) => i + 1),
  );
  const products = (batch === 1 ? parts : [concatRows(graph, parts)]).map((rows) => {
    const count = graph.dims(rows)[0]!;
    const factors = [reshapeTensor(graph, rows, [count, length]), right];
    return graph.emit("Gemm", factors, images.type, [count, filters]);
  });
  const result = reshapeTensor(graph, concatRows(graph, products), [...out, batch, filters]);
  return viewOf(result, images.type, shape, [out.length, out.length + 1, ...out.keys()]);
}

/**
 * A product for each row of the window and each of its P places, [P, h, B, w * C] [h, w * C, O], and their sum over the
 * rows: for a GPU, which likes many products better than a few along a long sum.
 */
export function correlateByRows(conv: Grouped): View {
  const { graph, images, kernels, params } = conv;
  const shape = outputShape(conv);
  const [batch, filters, ...out] = shape as [number, number, ...number[]];
  const [rows, ...columns] = kernels.shape.slice(3) as [number, ...number[]];
  const length = product(columns) * kernels.shape[2]!;
  const along = columns.map((_, i) => i + 3);
  const inner = transpose(images, [2, 0, ...along, 1]);
  const [rowPadding, ...columnPadding] = params.padding as [readonly [number, number]];
  const padded = dense(graph, padWithZeros(graph, inner, [rowPadding, [0, 0], ...columnPadding, [0, 0]]));
  const parts = windowsAtPlaces(conv, padded, [0, ...columns.map((_, i) => i + 2)]);
  const left = reshapeTensor(graph, concatRows(graph, parts), [parts.length, rows, batch, length]);
  const turned = transpose(kernels, [0, 3, ...along.map((d) => d + 1), 2, 1]);
  const right = reshapeTensor(graph, dense(graph, turned), [rows, length, filters]);
  const products = graph.emit("MatMul", [left, right], images.type, [parts.length, rows, batch, filters]);
  const sums = reduce(graph, viewOf(products, images.type, graph.dims(products)), "Add", [1]);
  const result = reshapeTensor(graph, sums.tensor, [...out, batch, filters]);
  return viewOf(result, images.type, shape, [out.length, out.length + 1, ...out.keys()]);
}

/** What lies under the kernel at each of its places; `spatial` are the axes of `padded` that it moves along. */
function windowsAtPlaces(conv: Grouped, padded: string, spatial: readonly number[]): readonly string[] {
  const { graph, images, kernels, params } = conv;
  const window = kernels.shape.slice(3);
  const dims = graph.dims(padded).map((size, axis) => window[spatial.indexOf(axis)] ?? size);
  return positions(outputShape(conv).slice(2)).map((place) => {
    const starts = place.map((at, i) => at * params.strides[i]!);
    const ends = starts.map((start, i) => start + covered(window[i]!, params.rhsDilation[i]!));
    const lists = [starts, ends, spatial, params.rhsDilation].map((list) => graph.list(list));
    return graph.emit("Slice", [padded, ...lists], images.type, dims);
  });
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
