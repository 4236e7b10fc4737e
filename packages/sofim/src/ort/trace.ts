/** From a function of jax-js arrays to an ONNX graph. */
import { type JsTree, makeJaxpr, numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/index.js";
import { EngineError } from "./errors.js";
import type { Target } from "./graph.js";
import type { Atom } from "./jaxpr.js";
import { type Abstract, isTraced, STILL_TRACED } from "./leaf.js";
import { type Captured, lower } from "./lower.js";
import type { OnnxGraph } from "./model.js";

export type TreeDef = ReturnType<typeof tree.structure>;

/** A function of trees of arrays, as jax-js's transformations take them. */
// biome-ignore lint/suspicious/noExplicitAny: parameters of any array tree; TypeScript has no existential type
export type Traceable = (...args: any[]) => JsTree<np.Array>;

export interface Traced {
  readonly graph: OnnxGraph;
  /** For every output of the function: that it is the graph's next output, or the position of the argument it is. */
  readonly outputs: readonly ("computed" | number)[];
  readonly structure: TreeDef;
  readonly traceSeconds: number;
  readonly lowerSeconds: number;
}

/**
 * Traces `fn` on arguments of the given types and lowers it.
 *
 * @param returns - "all": the graph returns what `fn` returns; "computed": without what is an argument of `fn`
 *   as it came, for which ONNX Runtime would make a copy
 */
export async function trace(
  fn: Traceable,
  args: JsTree<Abstract>[],
  { returns, target }: { readonly returns: "all" | "computed"; readonly target: Target },
): Promise<Traced> {
  const start = performance.now();
  const { jaxpr: closed, treedef: structure } = makeJaxprAndForget(fn, args);
  const captured = await Promise.all(closed.consts.map(capture));
  const jaxpr = closed.jaxpr.flatten().simplify();
  closed.dispose();
  const traced = performance.now();
  const binders: readonly Atom[] = jaxpr.inBinders;
  const positions = jaxpr.outs.map((out) => binders.indexOf(out) - captured.length);
  // ONNX Runtime wants a graph to return something.
  const skips = returns === "computed" && positions.some((position) => position < 0);
  const outputs = positions.map((position) => (skips && position >= 0 ? position : "computed"));
  const graph = lower(
    jaxpr,
    captured,
    jaxpr.outs.filter((_, i) => outputs[i] === "computed"),
    target,
  );
  const lowered = performance.now();
  return {
    graph,
    outputs,
    structure,
    traceSeconds: (traced - start) / 1000,
    lowerSeconds: (lowered - traced) / 1000,
  };
}

/**
 * `makeJaxpr`, and what jax-js 0.1.25 leaves behind of it let go: it never takes the level of tracing that it opened off
 * its global stack, which keeps every tracer and equation of the function alive, a quarter of a MiB for a LeNet-5 step.
 */
function makeJaxprAndForget(
  fn: Traceable,
  args: JsTree<Abstract>[],
): ReturnType<ReturnType<typeof makeJaxpr>> {
  let level: { globalData: unknown } | undefined;
  const watched: Traceable = (...tracers) => {
    const [first] = tree.leaves<np.Array>(tracers) as { _trace?: { main?: typeof level } }[];
    level = first?._trace?.main;
    return checkResult(fn(...tracers));
  };
  try {
    return makeJaxpr(watched)(...(args as unknown as np.Array[]));
  } catch (error) {
    throw explained(error);
  } finally {
    if (level !== undefined) level.globalData = null;
  }
}

/** @throws InvalidArgumentError for leaves that jax-js cannot take for arrays */
function checkResult(result: JsTree<np.Array>): JsTree<np.Array> {
  const leaves = tree.leaves<unknown>(result);
  if (leaves.length === 0) {
    throw new InvalidArgumentError("the function's result", result, "at least one array");
  }
  for (const [i, leaf] of leaves.entries()) {
    if (isTraced(leaf) || leaf instanceof np.Array || typeof leaf === "number" || typeof leaf === "boolean")
      continue;
    const wanted = "a jax-js array (the function is run once, and must return at once what it computes)";
    throw new InvalidArgumentError(`leaf ${i} of the function's result`, leaf, wanted);
  }
  return result;
}

/** What an error of jax-js means that says no more than that it met an `EngineArray`. */
function explained(error: unknown): unknown {
  const [name] = (error instanceof TypeError && /EngineArray:\S+/.exec(error.message)) || [];
  if (name === undefined) return error;
  const advice = "pass it as an argument, or take its toJax(), which becomes a constant";
  return new EngineError(`the function uses an array of its surroundings, ${name}: ${advice}`, {
    cause: error,
  });
}

async function capture(value: unknown): Promise<Captured> {
  if (!(value instanceof np.Array)) {
    throw new EngineError(`the function uses ${STILL_TRACED}`);
  }
  const { shape, dtype } = value;
  const data = await value.ref.data();
  if (dtype === "bool") return { shape, type: dtype, data: Uint8Array.from(data) };
  return { shape, type: dtype, data: data as Float32Array | Float64Array | Int32Array | Uint32Array };
}
