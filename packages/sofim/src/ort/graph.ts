/** An ONNX graph under construction: nodes with known shapes, shared constants, no node twice. */
import { EngineError } from "./errors.js";
import {
  type Attribute,
  dataTypes,
  type Initializer,
  type OnnxGraph,
  type OnnxNode,
  type OnnxType,
  type ValueInfo,
} from "./model.js";
import { prune } from "./prune.js";

export type Attributes = Readonly<Record<string, Attribute>>;

export const int = (value: number): Attribute => ({ kind: "int", value });
export const ints = (value: readonly number[]): Attribute => ({ kind: "ints", value });
export const string = (value: string): Attribute => ({ kind: "string", value });

type ConstantData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint8Array
  | Uint16Array
  | BigInt64Array;

/** Operators of two operands whose order does not matter. */
const commutative: ReadonlySet<string> = new Set(["Add", "Mul", "And", "Or", "Equal"]);

/** What a graph is made for, where that decides between forms of the same function. */
export type Target = "cpu" | "wasm" | "gpu";

export class GraphBuilder {
  readonly target: Target;
  readonly #values = new Map<string, ValueInfo>();
  readonly #producers = new Map<string, OnnxNode>();
  readonly #shared = new Map<string, readonly string[]>();
  readonly #constants = new Map<string, string>();
  readonly #nodes: OnnxNode[] = [];
  readonly #inputs: ValueInfo[] = [];
  readonly #initializers: Initializer[] = [];

  constructor(target: Target = "cpu") {
    this.target = target;
  }

  /** Declares a graph input. */
  input(type: OnnxType, dims: readonly number[]): string {
    const value = this.#declare(type, dims);
    this.#inputs.push(value);
    return value.name;
  }

  /** Adds one node with one output of the given type and shape, or finds the equal one that is there. */
  emit(
    op: string,
    inputs: readonly string[],
    type: OnnxType,
    dims: readonly number[],
    attributes?: Attributes,
  ): string {
    return this.emitMany(op, inputs, [{ type, dims }], attributes)[0]!;
  }

  /** As `emit`, for an operator with several outputs. */
  emitMany(
    op: string,
    inputs: readonly string[],
    outputs: readonly Omit<ValueInfo, "name">[],
    attributes: Attributes = {},
  ): readonly string[] {
    // Nothing to compute; and ONNX Runtime ends the process over an empty tensor on a GPU.
    if (outputs.every(({ dims }) => dims.includes(0))) {
      return outputs.map(({ type, dims }) => this.constant(type, dims, new Uint8Array()));
    }
    const key = JSON.stringify([op, commutative.has(op) ? inputs.toSorted() : inputs, attributes]);
    const known = this.#shared.get(key);
    if (known) return known;
    const names = outputs.map(({ type, dims }) => this.#declare(type, dims).name);
    const node: OnnxNode = { op, inputs, outputs: names, attributes };
    this.#nodes.push(node);
    for (const name of names) this.#producers.set(name, node);
    this.#shared.set(key, names);
    return names;
  }

  /** A copy of a value under a name of its own, never shared with another. */
  copy(name: string): string {
    const value = this.#declare(this.type(name), this.dims(name));
    const node: OnnxNode = { op: "Identity", inputs: [name], outputs: [value.name], attributes: {} };
    this.#nodes.push(node);
    this.#producers.set(value.name, node);
    return value.name;
  }

  /** A constant tensor; equal small ones are stored once. */
  constant(type: OnnxType, dims: readonly number[], data: ConstantData): string {
    const key = data.length <= 64 ? `${type}[${dims}]${Array.from(data, describeNumber)}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.#declare(type, dims);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.push({ ...value, data: bytes.slice() });
    if (key !== undefined) this.#constants.set(key, value.name);
    return value.name;
  }

  /** A constant without dimensions. */
  scalar(type: OnnxType, value: number): string {
    return this.constant(type, [], scalarData(type, value));
  }

  /** A one-dimensional int64 constant: the form in which operators take shapes and axes. */
  list(values: readonly number[]): string {
    return this.constant("int64", [values.length], BigInt64Array.from(values, BigInt));
  }

  type(name: string): OnnxType {
    return this.#info(name).type;
  }

  dims(name: string): readonly number[] {
    return this.#info(name).dims;
  }

  isConstant(name: string): boolean {
    return this.#initializers.some((initializer) => initializer.name === name);
  }

  /** The value of a constant of floats without dimensions. */
  scalarValue(name: string): number | undefined {
    const found = this.#initializers.find((initializer) => initializer.name === name);
    if (found === undefined || found.dims.length > 0) return undefined;
    const view = new DataView(found.data.buffer, found.data.byteOffset);
    if (found.type === "float32") return view.getFloat32(0, true);
    return found.type === "float64" ? view.getFloat64(0, true) : undefined;
  }

  /** The node that computes `name`; undefined for inputs and constants. */
  producer(name: string): OnnxNode | undefined {
    return this.#producers.get(name);
  }

  /** All constants made so far. */
  get constants(): readonly Initializer[] {
    return this.#initializers;
  }

  /** The finished graph: only nodes and constants that the outputs need, in the order of their making. */
  finish(outputs: readonly string[]): OnnxGraph {
    return prune({
      nodes: this.#nodes,
      inputs: this.#inputs,
      outputs: outputs.map((name) => this.#info(name)),
      initializers: this.#initializers,
    });
  }

  /** A new value, for a node to be made elsewhere; returns its name. */
  declare(type: OnnxType, dims: readonly number[]): string {
    return this.#declare(type, dims).name;
  }

  #declare(type: OnnxType, dims: readonly number[]): ValueInfo {
    const value: ValueInfo = { name: `v${this.#values.size}`, type, dims };
    this.#values.set(value.name, value);
    return value;
  }

  #info(name: string): ValueInfo {
    const value = this.#values.get(name);
    if (value === undefined) throw new EngineError(`internal: no value named ${name} in the graph`);
    return value;
  }
}

/** Tells -0 from 0, which an ordinary conversion to text does not: 1/-0 is not 1/0. */
const describeNumber = (value: number | bigint): string => (Object.is(value, -0) ? "-0" : String(value));

function scalarData(type: OnnxType, value: number): ConstantData {
  switch (type) {
    case "float32":
      return Float32Array.of(value);
    case "float64":
      return Float64Array.of(value);
    case "int32":
      return Int32Array.of(value);
    case "uint32":
      return Uint32Array.of(value);
    case "int64":
      return BigInt64Array.of(BigInt(value));
    case "bool":
    case "uint8":
      return Uint8Array.of(value);
    case "float16":
      throw new EngineError("float16 constants are not supported: cast to float32 inside the function");
  }
}

/** The opposite of a boolean tensor. */
export function not(graph: GraphBuilder, tensor: string): string {
  const producer = graph.producer(tensor);
  if (producer?.op === "Not") return producer.inputs[0]!;
  return graph.emit("Not", [tensor], "bool", graph.dims(tensor));
}

/** `tensor` in another element type. */
export function cast(graph: GraphBuilder, tensor: string, type: OnnxType): string {
  if (graph.type(tensor) === type) return tensor;
  return graph.emit("Cast", [tensor], type, graph.dims(tensor), { to: int(dataTypes[type]) });
}
