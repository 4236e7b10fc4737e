/** Windows that do not overlap: `pool` cuts an image into them, `pool_transpose` puts it together again. */
import type { GraphBuilder } from "../graph.js";
import { reshape, transpose, type View } from "../view.js";
import { padWithZeros, slice } from "./movement.js";
import { type Application, type Rule, refuse } from "./rule.js";

interface Windows {
  /** Number of leading dimensions that are not pooled. */
  readonly outer: number;
  readonly sizes: readonly number[];
  readonly counts: readonly number[];
}

function windowsOf(shape: readonly number[], window: readonly number[]): Windows {
  const outer = shape.length - window.length;
  return { outer, sizes: window, counts: window.map((size, i) => Math.floor(shape[outer + i]! / size)) };
}

/** [..., h * kh, w * kw] to [..., h, w, kh, kw], what is left over at the ends cut off. */
export const poolRule: Rule<"pool"> = (application) => {
  if (overlaps(application)) return refuse("pool", "windows that overlap or leave gaps")(application);
  const { graph, operands, params } = application;
  const v = operands[0]!;
  const { outer, sizes, counts } = windowsOf(v.shape, params.window);
  const whole = slice(
    graph,
    v,
    v.shape.map((size, d) => [0, d < outer ? size : counts[d - outer]! * sizes[d - outer]!]),
  );
  const leading = v.shape.slice(0, outer);
  const cut = reshape(graph, whole, [...leading, ...counts.flatMap((count, i) => [count, sizes[i]!])]);
  const perm = [
    ...leading.keys(),
    ...counts.map((_, i) => outer + 2 * i),
    ...counts.map((_, i) => outer + 2 * i + 1),
  ];
  return [transpose(cut, perm)];
};

export const poolTransposeRule: Rule<"pool_transpose"> = (application) => {
  if (overlaps(application))
    return refuse("pool_transpose", "windows that overlap or leave gaps")(application);
  const { graph, operands, params } = application;
  const { outer, sizes, counts } = windowsOf(params.inShape, params.window);
  const n = sizes.length;
  const leading = params.inShape.slice(0, outer);
  const perm = [...leading.keys(), ...counts.flatMap((_, i) => [outer + i, outer + n + i])];
  const merged = [...leading, ...counts.map((count, i) => count * sizes[i]!)];
  const whole = reshape(graph, transpose(operands[0]!, perm), merged);
  return [padTo(graph, whole, params.inShape)];
};

const overlaps = ({ params }: Application<"pool"> | Application<"pool_transpose">): boolean =>
  params.window.some((size, i) => size !== params.strides[i]);

const padTo = (graph: GraphBuilder, v: View, shape: readonly number[]): View =>
  padWithZeros(
    graph,
    v,
    shape.map((size, d) => [0, size - v.shape[d]!]),
  );
