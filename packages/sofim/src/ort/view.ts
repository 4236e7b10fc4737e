/**
 * Symbolic views: an ONNX tensor together with a map from logical dimensions to the tensor's axes.
 *
 * Transposing, broadcasting, flipping, and adding or removing dimensions of size 1 only change the map, so
 * a Jaxpr's many movement operations cost nothing until an operator needs its operand in a certain layout.
 * (A dense layer's weight gradient, for example, is written in a Jaxpr as the sum over a broadcast
 * [out, in, batch] product; as views it is one matrix product.)
 */
import { type GraphBuilder, int, ints } from "./graph.js";
import { type ElementType, product } from "./jaxpr.js";

export interface View {
  readonly tensor: string;
  readonly type: ElementType;
  /** Logical shape. */
  readonly shape: readonly number[];
  /**
   * The tensor's axis that each logical dimension runs over; null where the value is constant along the
   * dimension. Dimensions of size 1 are always null, so that two views of one tensor compare by their axes.
   */
  readonly axes: readonly (number | null)[];
  /** Axes of the tensor that are read from their end to their beginning. */
  readonly flipped: ReadonlySet<number>;
}

const NONE: ReadonlySet<number> = new Set();

function view(source: View, shape: readonly number[], axes: readonly (number | null)[]): View {
  const kept = axes.map((axis, d) => (shape[d] === 1 ? null : axis));
  return { tensor: source.tensor, type: source.type, shape, axes: kept, flipped: source.flipped };
}

/** The view of a whole tensor in its own layout; `axes` where the layout differs from the logical order. */
export function viewOf(
  tensor: string,
  type: ElementType,
  shape: readonly number[],
  axes: readonly (number | null)[] = shape.map((_, d) => d),
): View {
  return view({ tensor, type, shape, axes, flipped: NONE }, shape, axes);
}

export function transpose(v: View, perm: readonly number[]): View {
  return view(
    v,
    perm.map((d) => v.shape[d]!),
    perm.map((d) => v.axes[d]!),
  );
}

/** Inserts new dimensions at the positions `added` of `shape`, and stretches dimensions of size 1. */
export function broadcast(v: View, shape: readonly number[], added: readonly number[]): View {
  const isNew = new Set(added);
  const old = v.axes[Symbol.iterator]();
  return view(
    v,
    shape,
    shape.map((_, d) => (isNew.has(d) ? null : (old.next().value ?? null))),
  );
}

/** Adds leading dimensions up to `rank`, as NumPy's broadcasting does. */
export function padRank(v: View, rank: number): View {
  const missing = rank - v.shape.length;
  return missing === 0
    ? v
    : view(v, [...Array(missing).fill(1), ...v.shape], [...Array(missing).fill(null), ...v.axes]);
}

export function flip(v: View, dims: readonly number[]): View {
  const flipped = new Set(v.flipped);
  for (const d of dims) {
    const axis = v.axes[d] ?? null;
    if (axis !== null && !flipped.delete(axis)) flipped.add(axis);
  }
  return { ...v, flipped };
}

/** The same view with its reversed axes reversed for real. */
export function unflip(graph: GraphBuilder, v: View): View {
  if (v.flipped.size === 0) return v;
  const axes = [...v.flipped];
  // -1 is the last element; the largest negative number stands for "before the first".
  const slice = [axes.map(() => -1), axes.map(() => -2147483647), axes, axes.map(() => -1)];
  const dims = graph.dims(v.tensor);
  const tensor = graph.emit("Slice", [v.tensor, ...slice.map((list) => graph.list(list))], v.type, dims);
  return { ...v, tensor, flipped: NONE };
}

/** `v` in another shape with as many elements. */
export function reshape(graph: GraphBuilder, v: View, shape: readonly number[]): View {
  const groups = alignGroups(v.shape, shape);
  if (groups === undefined) return reshapeDense(graph, v, shape);
  const order = axesInOrder(v);
  const axes: (number | null)[] = shape.map(() => null);
  const rewritten = new Map<number, readonly number[]>();
  for (const { from, to } of groups) {
    const sources = from.map((d) => v.axes[d] ?? null);
    if (from.length === 1 && to.length === 1) axes[to[0]!] = sources[0]!;
    else if (sources.every((axis) => axis === null)) continue;
    else if (isRun(sources, order) && !sources.some((axis) => v.flipped.has(axis!))) {
      sources.forEach((axis, i) => {
        rewritten.set(axis!, i === 0 ? to : []);
      });
    } else return reshapeDense(graph, v, shape);
  }
  return rewritten.size === 0 ? view(v, shape, axes) : rewriteAxes(graph, { ...v, shape, axes }, rewritten);
}

/**
 * Splits and merges axes of the tensor. `target` has the new shape and the axes that stay as they are;
 * `rewritten` gives the logical dimensions that take the place of each of the others.
 */
function rewriteAxes(
  graph: GraphBuilder,
  target: View,
  rewritten: ReadonlyMap<number, readonly number[]>,
): View {
  const sizes = graph.dims(target.tensor);
  const kept = new Set(target.axes);
  const dims: number[] = [];
  const moved = new Map<number, number>();
  const fresh = new Map<number, number>();
  sizes.forEach((size, axis) => {
    for (const d of rewritten.get(axis) ?? []) fresh.set(d, dims.push(target.shape[d]!) - 1);
    if (kept.has(axis)) moved.set(axis, dims.push(size) - 1);
  });
  const source: View = {
    ...target,
    tensor: reshapeTensor(graph, target.tensor, dims),
    flipped: new Set([...target.flipped].map((axis) => moved.get(axis)!)),
  };
  const axes = target.axes.map((axis, d) => fresh.get(d) ?? (axis === null ? null : moved.get(axis)!));
  return view(source, target.shape, axes);
}

function reshapeDense(graph: GraphBuilder, v: View, shape: readonly number[]): View {
  return viewOf(reshapeTensor(graph, dense(graph, v), shape), v.type, shape);
}

/** A tensor with other dimensions; chains of reshapes collapse into one. */
export function reshapeTensor(graph: GraphBuilder, tensor: string, dims: readonly number[]): string {
  const current = graph.dims(tensor);
  if (current.length === dims.length && current.every((size, i) => size === dims[i])) return tensor;
  const producer = graph.producer(tensor);
  const source = producer?.op === "Reshape" ? producer.inputs[0]! : tensor;
  if (source !== tensor) return reshapeTensor(graph, source, dims);
  // allowzero: a 0 is a dimension of size 0, not "copy the input's".
  const attributes = dims.includes(0) ? { allowzero: int(1) } : {};
  return graph.emit("Reshape", [source, graph.list(dims)], graph.type(source), dims, attributes);
}

/** The tensor's axes that the view runs over, outermost first. */
export function axesInOrder(v: View): readonly number[] {
  return v.axes.filter((axis) => axis !== null).sort((a, b) => a - b);
}

/** The logical dimensions along which the value varies, in the order of the tensor's layout. */
export function layoutOrder(v: View): readonly number[] {
  return v.axes
    .flatMap((axis, d) => (axis === null ? [] : [{ axis, d }]))
    .sort((a, b) => a.axis - b.axis)
    .map(({ d }) => d);
}

/** Whether `axes` are neighbours in `order`, ascending, without gaps. */
function isRun(axes: readonly (number | null)[], order: readonly number[]): boolean {
  const start = order.indexOf(axes[0] ?? -1);
  return start >= 0 && axes.every((axis, i) => order[start + i] === axis);
}

interface Group {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** The finest pairing of runs of dimensions with equal products, sizes of 1 left out; undefined if empty. */
function alignGroups(from: readonly number[], to: readonly number[]): readonly Group[] | undefined {
  if (product(from) === 0) return undefined;
  const nonUnit = (shape: readonly number[]) => shape.map((_, d) => d).filter((d) => shape[d] !== 1);
  const [a, b] = [nonUnit(from), nonUnit(to)];
  const groups: Group[] = [];
  let [i, j] = [0, 0];
  while (i < a.length) {
    const [starti, startj] = [i, j];
    let [p, q] = [from[a[i++]!]!, to[b[j++]!]!];
    while (p !== q) {
      if (p < q) p *= from[a[i++]!]!;
      else q *= to[b[j++]!]!;
    }
    groups.push({ from: a.slice(starti, i), to: b.slice(startj, j) });
  }
  return groups;
}

/**
 * The view's tensor with one axis per entry of `order`, of the dimension's size, or 1 where the view is
 * constant. Leading axes of size 1 may be missing: ONNX broadcasts them.
 */
export function arrange(graph: GraphBuilder, view: View, order: readonly number[]): string {
  const v = unflip(graph, view);
  const wanted = order.map((d) => v.axes[d] ?? null);
  const perm = wanted.filter((axis) => axis !== null);
  const compact = reshapeTensor(
    graph,
    v.tensor,
    axesInOrder(v).map((axis) => graph.dims(v.tensor)[axis]!),
  );
  const rank = new Map(axesInOrder(v).map((axis, i) => [axis, i]));
  const transposed = transposeTensor(
    graph,
    compact,
    perm.map((axis) => rank.get(axis)!),
  );
  const dims = order.map((d, i) => (wanted[i] === null ? 1 : v.shape[d]!));
  const outermost = dims.findIndex((size) => size !== 1);
  return reshapeTensor(graph, transposed, outermost < 0 ? [] : dims.slice(outermost));
}

export function transposeTensor(graph: GraphBuilder, tensor: string, perm: readonly number[]): string {
  if (perm.every((axis, i) => axis === i)) return tensor;
  const dims = graph.dims(tensor);
  return graph.emit(
    "Transpose",
    [tensor],
    graph.type(tensor),
    perm.map((axis) => dims[axis]!),
    { perm: ints(perm) },
  );
}

/** The view as a tensor of exactly its logical shape. */
export function dense(graph: GraphBuilder, v: View): string {
  const tensor = arrange(
    graph,
    v,
    v.shape.map((_, d) => d),
  );
  const stretched = v.shape.some((size, d) => size !== 1 && v.axes[d] === null);
  if (!stretched) return reshapeTensor(graph, tensor, v.shape);
  return graph.emit("Expand", [tensor, graph.list(v.shape)], graph.type(tensor), v.shape);
}
