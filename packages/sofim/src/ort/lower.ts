/** The walk over a Jaxpr that turns it into an ONNX graph; it knows nothing of single primitives. */
import type { Jaxpr } from "@jax-js/jax";
import { EngineError } from "./errors.js";
import { GraphBuilder, type Target } from "./graph.js";
import type { Atom, Aval, ElementType, Equation, Primitive, Variable } from "./jaxpr.js";
import type { OnnxGraph } from "./model.js";
import { improve } from "./passes/index.js";
import { rules } from "./rules/index.js";
import { type Application, refuse } from "./rules/rule.js";
import { dense, type View, viewOf } from "./view.js";

/** A value that was captured while tracing, to be stored in the graph. */
export interface Captured {
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly data: Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
}

/**
 * Lowers a flat, simplified Jaxpr.
 *
 * @param jaxpr - its first binders stand for the captured values, the others for the graph's inputs in order
 * @param captured - the values of the first binders
 * @param outs - what the graph is to return
 * @param target - where it is to run
 * @returns a graph whose inputs are the Jaxpr's, in order, dense in row-major layout as its outputs
 * @throws UnsupportedPrimitiveError for a primitive, or a form of one, without a lowering
 * @throws EngineError for inputs of float16
 */
export function lower(
  jaxpr: Jaxpr,
  captured: readonly Captured[],
  outs: readonly Atom[],
  target: Target,
): OnnxGraph {
  const graph = new GraphBuilder(target);
  const environment = new Map<Variable, View>();
  jaxpr.inBinders.forEach((variable, i) => {
    environment.set(variable, bind(graph, variable.aval, captured[i]));
  });
  const read = (atom: Atom) => readAtom(graph, environment, atom);
  for (const equation of jaxpr.eqns) {
    const results = apply(graph, equation, equation.inputs.map(read));
    equation.outBinders.forEach((variable, i) => {
      environment.set(variable, results[i]!);
    });
  }
  const results = distinct(
    graph,
    outs.map(read).map((v) => dense(graph, v)),
  );
  return improve(graph.finish(results), graph);
}

function bind(graph: GraphBuilder, aval: Aval, value: Captured | undefined): View {
  if (isHalf(aval)) {
    throw new EngineError(
      `float16 arrays are not supported, and this is one: ${aval}; cast it to float32 before`,
    );
  }
  const tensor =
    value === undefined
      ? graph.input(aval.dtype, aval.shape)
      : graph.constant(value.type, value.shape, value.data);
  return viewOf(tensor, aval.dtype, aval.shape);
}

function readAtom(graph: GraphBuilder, environment: ReadonlyMap<Variable, View>, atom: Atom): View {
  if (!("value" in atom)) return environment.get(atom)!;
  return viewOf(graph.scalar(atom.aval.dtype, atom.value), atom.aval.dtype, []);
}

const isHalf = ({ dtype }: Aval): boolean => dtype === "float16";

const refuseHalf = ({ primitive }: Equation) =>
  refuse(
    primitive,
    "it takes or gives float16, which ONNX Runtime's kernels for CPUs lack and compute as float32 unasked",
  );

function apply(graph: GraphBuilder, equation: Equation, operands: readonly View[]): readonly View[] {
  // The map is total and its entries take their own primitive's parameters; the equation's parameters are
  // those of its primitive by construction, which is what the type of Jaxpr does not say.
  const rule = rules[equation.primitive] as (application: Application<Primitive>) => readonly View[];
  const avals = [...equation.inputs, ...equation.outBinders].map(({ aval }) => aval);
  return (avals.some(isHalf) ? refuseHalf(equation) : rule)({
    graph,
    operands,
    inputs: equation.inputs.map((atom) => atom.aval),
    outputs: equation.outBinders.map((variable) => variable.aval),
    params: equation.params as Application<Primitive>["params"],
  });
}

/**
 * Output names that occur once and are made by a node: ONNX Runtime neither returns an input as it is nor
 * one value twice.
 */
function distinct(graph: GraphBuilder, names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.map((name) => {
    const isFresh = graph.producer(name) !== undefined && !seen.has(name);
    seen.add(name);
    return isFresh ? name : graph.copy(name);
  });
}
