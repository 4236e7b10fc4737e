/**
 * Results in the memory of the arguments that they replace, as an optimizer written by hand would have it: half the memory
 * for parameters and state, and less to move through the caches.
 */
import { type OnnxGraph, type OnnxNode, reads, type ValueInfo } from "./model.js";

/** Operators whose kernels read an element before they write the one in its place; ONNX Runtime relies on it itself. */
const elementwise: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div"]);
/**
 * Operators whose output ONNX Runtime may have lie where their input does, or which it may leave out or put off, so that what
 * reads their output reads their input.
 */
const movements: ReadonlySet<string> = new Set([
  "Cast",
  "Concat",
  "Expand",
  "Flatten",
  "Gather",
  "Identity",
  "Pad",
  "Reshape",
  "Slice",
  "Split",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
]);

/**
 * For results of `graph` the inputs in whose memory they can be computed, each named once, out of `donated`: inputs of the
 * result's type and shape that nothing needs any more once the result is written. An input that the result is made of comes
 * first.
 */
export function overwrites(graph: OnnxGraph, donated: ReadonlySet<string>): ReadonlyMap<string, string> {
  const order = new Order(graph);
  const free = new Map(
    graph.inputs.filter(({ name }) => donated.has(name)).map((value) => [value.name, value]),
  );
  const found = new Map<string, string>();
  for (const mustRead of [true, false]) {
    for (const output of graph.outputs) {
      if (found.has(output.name)) continue;
      const input = [...free.values()].find((value) => order.canOverwrite(output, value, mustRead));
      if (input === undefined) continue;
      found.set(output.name, input.name);
      free.delete(input.name);
    }
  }
  return found;
}

/** What is computed before what, whatever order ONNX Runtime takes the nodes in. */
class Order {
  readonly #producers: ReadonlyMap<string, OnnxNode>;
  readonly #readers = new Map<string, OnnxNode[]>();
  readonly #ancestors = new Map<OnnxNode, ReadonlySet<OnnxNode>>();

  constructor({ nodes }: OnnxGraph) {
    this.#producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
    for (const node of nodes) {
      for (const name of reads(node)) this.#readers.set(name, [...(this.#readers.get(name) ?? []), node]);
    }
  }

  /** `mustRead`: whether only an input will do that the output's node, or one that it reads, reads. */
  canOverwrite(output: ValueInfo, input: ValueInfo, mustRead: boolean): boolean {
    const node = this.#producers.get(output.name);
    const isAlike = output.type === input.type && String(output.dims) === String(input.dims);
    if (node === undefined || !isAlike || !(elementwise.has(node.op) || node.op === "Gemm")) return false;
    const readers = this.#readersOf(input.name);
    const operands = node.inputs.flatMap((name) => this.#producers.get(name) ?? []);
    if (mustRead && !readers.some((reader) => reader === node || operands.includes(reader))) return false;
    const before = this.#ancestorsOf(node);
    return readers.every((reader) => {
      if (reader === node) return readsInPlace(node, input.name);
      if (operands.includes(reader) && !elementwise.has(reader.op)) return false;
      // ONNX Runtime may fuse a node with those that read its result, which then read what it read.
      return [reader, ...this.#readersOf(...reader.outputs)].every(
        (each) => each === node || before.has(each),
      );
    });
  }

  /** Those that read the values themselves or what movements make of them. */
  #readersOf(...names: readonly string[]): readonly OnnxNode[] {
    const direct = names.flatMap((name) => this.#readers.get(name) ?? []);
    return direct.flatMap((node) =>
      movements.has(node.op) ? [node, ...this.#readersOf(...node.outputs)] : [node],
    );
  }

  #ancestorsOf(node: OnnxNode): ReadonlySet<OnnxNode> {
    const known = this.#ancestors.get(node);
    if (known !== undefined) return known;
    const found = new Set<OnnxNode>();
    const pending = [node];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const name of reads(next)) {
        const producer = this.#producers.get(name);
        if (producer === undefined || found.has(producer)) continue;
        found.add(producer);
        pending.push(producer);
      }
    }
    this.#ancestors.set(node, found);
    return found;
  }
}

/** Whether a node needs of `input` only the element in whose place it writes: a Gemm of what it adds its product to. */
function readsInPlace({ op, inputs }: OnnxNode, input: string): boolean {
  if (!inputs.includes(input)) return false; // but what a movement makes of it
  return elementwise.has(op) || inputs.indexOf(input) === 2;
}
