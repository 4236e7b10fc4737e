/**
 * Results in the memory of the arguments that they replace, as an optimizer written by hand would have it: half the memory
 * for parameters and state, and less to move through the caches.
 */
import { type OnnxGraph, type OnnxNode, reads, type ValueInfo } from "./model.js";

/**
 * Operators that ONNX Runtime may put into one kernel with what is around them, or move past it, but never with another of
 * these. All others it may melt together in any number: scales around a product, casts, transpositions, a Gelu's parts.
 */
const solid: ReadonlySet<string> = new Set(
  [
    [
      "Conv",
      "ConvTranspose",
      "Gemm",
      "MatMul",
      "AveragePool",
      "MaxPool",
      "If",
      "Loop",
      "Max",
      "Min",
      "Where",
    ],
    ["ReduceL1", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"],
    ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"],
  ].flat(),
);

/** What may take the place of its addend. */
const sums: ReadonlySet<string> = new Set(["Add", "Sub", "Gemm"]);

/** How many solid operators there must be between two nodes that are sure to stay two kernels. */
const APART = 2;

/**
 * For results of `graph` the inputs in whose memory they can be computed, each named once, out of `donated`: inputs of the
 * result's type and shape that nothing needs any more once the result is written. An input that the result is made of comes
 * first.
 *
 * A result is a sum or a Gemm. What it adds may be the input itself, or the input times something, since ONNX Runtime reads
 * an element of a sum, and the addend of a Gemm, before it writes the one in its place. All else that ONNX Runtime might
 * have read the input for, fused or not, must be sure to come before the result, in whatever order it takes the nodes.
 */
export function overwrites(graph: OnnxGraph, donated: ReadonlySet<string>): ReadonlyMap<string, string> {
  const flow = new Flow(graph);
  const free = new Map(
    graph.inputs.filter(({ name }) => donated.has(name)).map((value) => [value.name, value]),
  );
  const found = new Map<string, string>();
  for (const isAddend of [true, false]) {
    for (const output of graph.outputs) {
      if (found.has(output.name)) continue;
      const input = [...free.values()].find(
        (value) => flow.isAddend(output, value) === isAddend && flow.canOverwrite(output, value),
      );
      if (input === undefined) continue;
      found.set(output.name, input.name);
      free.delete(input.name);
    }
  }
  return found;
}

/** What is computed from what. */
class Flow {
  readonly #nodes: readonly OnnxNode[];
  readonly #producers: ReadonlyMap<string, OnnxNode>;
  readonly #uses = new Map<string, number>();
  readonly #ancestors = new Map<OnnxNode, ReadonlySet<OnnxNode>>();

  /** Nodes come after those that they need. */
  constructor({ nodes, outputs }: OnnxGraph) {
    this.#nodes = nodes;
    this.#producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
    for (const name of [...nodes.flatMap(reads), ...outputs.map((output) => output.name)]) {
      this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    }
  }

  /** Whether the output is a sum with the input, or with a multiple of it that serves for nothing else. */
  isAddend(output: ValueInfo, input: ValueInfo): boolean {
    const node = this.#producers.get(output.name);
    return node?.inputs.some((_, place) => this.#isAdded(node, place, input.name)) ?? false;
  }

  canOverwrite(output: ValueInfo, input: ValueInfo): boolean {
    const node = this.#producers.get(output.name);
    const isAlike = output.type === input.type && String(output.dims) === String(input.dims);
    if (node === undefined || !isAlike || !sums.has(node.op)) return false;
    const near = this.#near(input.name, node);
    const others = node.inputs.filter((_, place) => !this.#isAdded(node, place, input.name));
    const before = this.#ancestorsOf(node);
    const isBefore = (name: string) => name === input.name || before.has(this.#producers.get(name)!);
    return !others.some((name) => near.has(name)) && [...near.keys()].every(isBefore);
  }

  #isAdded({ op, inputs }: OnnxNode, place: number, input: string): boolean {
    const name = inputs[place]!;
    if (name === input) return op === "Gemm" ? place === 2 : sums.has(op);
    const factor = this.#producers.get(name);
    const isMultiple = factor?.op === "Mul" && factor.inputs.includes(input);
    return isMultiple && op !== "Gemm" && sums.has(op) && this.#uses.get(name) === 1;
  }

  /** What a kernel that reads the input might compute, with the solid operators up to there; without what `node` makes of it. */
  #near(input: string, node: OnnxNode): ReadonlyMap<string, number> {
    const found = new Map([[input, 0]]);
    for (const next of this.#nodes) {
      if (next === node) continue;
      const before = Math.min(...reads(next).map((name) => found.get(name) ?? APART));
      const distance = before + (solid.has(next.op) ? 1 : 0);
      if (distance < APART) for (const name of next.outputs) found.set(name, distance);
    }
    return found;
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
