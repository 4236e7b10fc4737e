/**
 * ONNX models as plain objects, and their protobuf encoding.
 *
 * Field numbers and enumeration values are those of onnx.proto (ONNX IR version 9). Only what a lowered
 * Jaxpr needs is here: one graph, tensors as raw data, standard operators of the default domain.
 */
import { PbfWriter } from "pbf";

/** Element types, with their numbers in `TensorProto.DataType`. */
export const dataTypes = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
} as const;

export type OnnxType = keyof typeof dataTypes;

/** Numbers without a fraction are still floats in the `float` and `floats` cases: ONNX tells the two apart. */
export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "graph"; readonly value: OnnxGraph };

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface ValueInfo {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims: readonly number[];
}

export interface Initializer extends ValueInfo {
  /** Little-endian elements in row-major order. */
  readonly data: Uint8Array;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: readonly Initializer[];
}

/** The values that a node reads: its inputs, and what graphs within it take from around them. */
export function reads({ inputs, attributes }: OnnxNode): readonly string[] {
  const captured = Object.values(attributes).flatMap((attribute) => {
    if (attribute.kind !== "graph") return [];
    const { nodes, initializers } = attribute.value;
    const inner = new Set([
      ...nodes.flatMap(({ outputs }) => outputs),
      ...initializers.map(({ name }) => name),
    ]);
    return nodes.flatMap(reads).filter((name) => !inner.has(name));
  });
  return [...inputs, ...captured];
}

/** The newest operator set whose reductions all take their axes as an input, so that one rule serves all. */
const OPSET = 18;
const IR_VERSION = 9;

/** The bytes of an ONNX model file that holds `graph`. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, IR_VERSION);
  pbf.writeStringField(2, "sofim");
  pbf.writeMessage(7, writeGraph, graph);
  pbf.writeMessage(8, (version: number, out: PbfWriter) => out.writeVarintField(2, version), OPSET);
  return pbf.finish();
}

function writeGraph(graph: OnnxGraph, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, "sofim");
  for (const tensor of graph.initializers) pbf.writeMessage(5, writeTensor, tensor);
  for (const value of graph.inputs) pbf.writeMessage(11, writeValueInfo, value);
  for (const value of graph.outputs) pbf.writeMessage(12, writeValueInfo, value);
}

function writeNode(node: OnnxNode, pbf: PbfWriter): void {
  for (const name of node.inputs) pbf.writeStringField(1, name);
  for (const name of node.outputs) pbf.writeStringField(2, name);
  pbf.writeStringField(4, node.op);
  for (const entry of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, entry);
}

function writeAttribute([name, attribute]: [string, Attribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  switch (attribute.kind) {
    case "float":
      pbf.writeFloatField(2, attribute.value);
      pbf.writeVarintField(20, 1);
      break;
    case "int":
      pbf.writeVarintField(3, attribute.value);
      pbf.writeVarintField(20, 2);
      break;
    case "string":
      pbf.writeBytesField(4, new TextEncoder().encode(attribute.value));
      pbf.writeVarintField(20, 3);
      break;
    case "graph":
      pbf.writeMessage(6, writeGraph, attribute.value);
      pbf.writeVarintField(20, 5);
      break;
    case "ints":
      for (const value of attribute.value) pbf.writeVarintField(8, value);
      pbf.writeVarintField(20, 7);
      break;
  }
}

function writeTensor(tensor: Initializer, pbf: PbfWriter): void {
  for (const dim of tensor.dims) pbf.writeVarintField(1, dim);
  pbf.writeVarintField(2, dataTypes[tensor.type]);
  pbf.writeStringField(8, tensor.name);
  pbf.writeBytesField(9, tensor.data);
}

function writeValueInfo(value: ValueInfo, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(2, writeTensorType, value);
}

function writeTensorType(value: ValueInfo, pbf: PbfWriter): void {
  pbf.writeMessage(
    1,
    (tensor: ValueInfo, type: PbfWriter) => {
      type.writeVarintField(1, dataTypes[tensor.type]);
      type.writeMessage(2, writeShape, tensor.dims);
    },
    value,
  );
}

function writeShape(dims: readonly number[], pbf: PbfWriter): void {
  for (const dim of dims) {
    pbf.writeMessage(1, (size: number, out: PbfWriter) => out.writeVarintField(1, size), dim);
  }
}
