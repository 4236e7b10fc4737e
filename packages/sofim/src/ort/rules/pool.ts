/** `pool` cuts an image into windows, `pool_transpose` adds windows up to an image. */
import { type GraphBuilder, int } from "../graph.js";
import { product, type WindowParams } from "../jaxpr.js";
import { dense, reshape, transpose, type View, viewOf } from "../view.js";
import { padWithZeros, slice } from "./movement.js";
import type { Rule } from "./rule.js";

interface Windows extends WindowParams {
  /** The dimensions that are not pooled come first: their sizes. */
  readonly leading: readonly number[];
  /** How many windows there are along each pooled dimension. */
  readonly counts: readonly number[];
}

function windowsOf(shape: readonly number[], { window, strides }: WindowParams): Windows {
  const leading = shape.slice(0, shape.length - window.length);
  const counts = window.map((size, i) => Math.floor((shape[leading.length + i]! - size) / strides[i]!) + 1);
  return { leading, window, strides, counts };
}

/** Whether the windows neither overlap nor leave gaps: then pooling only renames elements. */
const isTiling = ({ window, strides }: WindowParams): boolean =>
  window.every((size, i) => size === strides[i]);

/** [...leading, size...] to [...leading, count..., window...]; what is left over at the ends is cut off. */
export const poolRule: Rule<"pool"> = ({ graph, operands, params }) => {
  const v = operands[0]!;
  const windows = windowsOf(v.shape, params);
  return [isTiling(params) ? cutTiles(graph, v, windows) : cutWindows(graph, v, windows)];
};

export const poolTransposeRule: Rule<"pool_transpose"> = ({ graph, operands, params }) => {
  const v = operands[0]!;
  const windows = windowsOf(params.inShape, params);
  const image = isTiling(params)
    ? joinTiles(graph, v, windows)
    : addWindows(graph, v, windows, params.inShape);
  const missing = params.inShape.map((size, d): [number, number] => [0, size - image.shape[d]!]);
  return [padWithZeros(graph, image, missing)];
};

function cutTiles(graph: GraphBuilder, v: View, { leading, window, counts }: Windows): View {
  const outer = leading.length;
  const whole = v.shape.map((size, d): [number, number] => [
    0,
    d < outer ? size : counts[d - outer]! * window[d - outer]!,
  ]);
  const tiles = counts.flatMap((count, i) => [count, window[i]!]);
  const cut = reshape(graph, slice(graph, v, whole), [...leading, ...tiles]);
  const every = (offset: number) => counts.map((_, i) => outer + 2 * i + offset);
  return transpose(cut, [...leading.keys(), ...every(0), ...every(1)]);
}

function joinTiles(graph: GraphBuilder, v: View, { leading, window, counts }: Windows): View {
  const [outer, n] = [leading.length, counts.length];
  const perm = [...leading.keys(), ...counts.flatMap((_, i) => [outer + i, outer + n + i])];
  const merged = counts.map((count, i) => count * window[i]!);
  return reshape(graph, transpose(v, perm), [...leading, ...merged]);
}

/** Every position within a window, in row-major order. */
export function positions(window: readonly number[]): readonly (readonly number[])[] {
  return window.reduce<readonly (readonly number[])[]>(
    (found, size) => found.flatMap((start) => Array.from({ length: size }, (_, i) => [...start, i])),
    [[]],
  );
}

/** One strided slice of the image per position within the window, stacked. */
function cutWindows(graph: GraphBuilder, v: View, windows: Windows): View {
  const { leading, window, strides, counts } = windows;
  const [outer, n] = [leading.length, counts.length];
  const image = dense(graph, v);
  const axes = counts.map((_, i) => outer + i);
  const dims = [...leading, ...counts];
  const slices = positions(window).map((start) => {
    const ends = start.map((at, i) => at + (counts[i]! - 1) * strides[i]! + 1);
    const lists = [start, ends, axes, strides].map((list) => graph.list(list));
    return graph.emit("Slice", [image, ...lists], v.type, dims);
  });
  const stacked = slices.map((tensor) =>
    dense(graph, reshape(graph, viewOf(tensor, v.type, dims), [1, ...dims])),
  );
  const joined = [product(window), ...dims];
  const tensor = graph.emit("Concat", stacked, v.type, joined, { axis: int(0) });
  const split = reshape(graph, viewOf(tensor, v.type, joined), [...window, ...dims]);
  return transpose(split, [...dims.map((_, d) => n + d), ...window.keys()]);
}

/** Each position's elements spread out to where they came from, and all of them added up. */
function addWindows(graph: GraphBuilder, v: View, windows: Windows, shape: readonly number[]): View {
  const { leading, window, counts } = windows;
  const outer = leading.length + counts.length;
  const parts = positions(window).map((start) => {
    const ranges = v.shape.map((size, d): [number, number] => {
      const at = start[d - outer];
      return at === undefined ? [0, size] : [at, at + 1];
    });
    const part = reshape(graph, slice(graph, v, ranges), [...leading, ...counts]);
    return dense(graph, spread(graph, part, windows, start, shape));
  });
  return viewOf(graph.emit("Sum", parts, v.type, shape), v.type, shape);
}

/** The image of `shape` that has the elements of `part` at every stride from `start`, and zeros elsewhere. */
function spread(
  graph: GraphBuilder,
  part: View,
  { leading, strides, counts }: Windows,
  start: readonly number[],
  shape: readonly number[],
): View {
  const kept = leading.map((): [number, number] => [0, 0]);
  const gaps = strides.flatMap((stride): [number, number][] => [
    [0, 0],
    [0, stride - 1],
  ]);
  const apart = reshape(graph, part, [...leading, ...counts.flatMap((count) => [count, 1])]);
  const sizes = counts.map((count, i) => count * strides[i]!);
  const dilated = reshape(graph, padWithZeros(graph, apart, [...kept, ...gaps]), [...leading, ...sizes]);
  const shift = start.map((at, i): [number, number] => [at, shape[leading.length + i]! - at - sizes[i]!]);
  return padWithZeros(graph, dilated, [...kept, ...shift]);
}
