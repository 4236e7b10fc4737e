/** `jit`: the face of the engine. */
import { type JsTree, tree } from "@jax-js/jax";
import type { Tensor } from "onnxruntime-common";
import { InvalidArgumentError } from "../core/index.js";
import { EngineArray } from "./array.js";
import type { Backend, Provider, Results } from "./devices/backend.js";
import type { Device } from "./devices/device.js";
import type { DeviceSession } from "./devices/device-session.js";
import { type Choice, chooseDevice, type SessionOptions } from "./devices/index.js";
import { EngineError } from "./errors.js";
import { type Abstract, describeType, isEngineArray, type Leaf, toTensor, typeOf } from "./leaf.js";
import type { Tensors } from "./platform/platform.js";
import { type Traceable, type TreeDef, trace } from "./trace.js";
import type { ArgumentsWithLeaves, WithLeaves } from "./with-leaves.js";

export interface EngineInfo {
  readonly device: Device;
  /** ONNX Runtime's name of what runs the graph. */
  readonly provider: Provider;
  readonly results: Results;
  readonly threads: number;
  /** How often the function was traced and compiled: once per combination of argument shapes and types. */
  readonly compilations: number;
  /** Seconds spent so far on tracing, on lowering, and on ONNX Runtime's own preparation. */
  readonly traceSeconds: number;
  readonly lowerSeconds: number;
  readonly sessionSeconds: number;
}

export interface JitOptions extends SessionOptions {
  /**
   * Positions of arguments, counted from 0, whose arrays are given away: they cannot be used again, their memory is free at
   * once where results are `"kept"`, and serves for later results where these are `"direct"` (see `EngineInfo.results`). For
   * parameters and state, which the next ones replace. jax calls this `donate_argnums`. Default: none.
   */
  readonly donate?: readonly number[];
}

export interface JitFunction<F extends Traceable> {
  (...args: ArgumentsWithLeaves<Parameters<F>, Leaf>): Promise<WithLeaves<ReturnType<F>, EngineArray>>;
  /** Where and how the function runs, and what its compilations cost. */
  info(): EngineInfo;
  /** Frees the compiled graphs; the function cannot be called afterwards. Arrays it returned live on. */
  dispose(): Promise<void>;
}

interface Compiled {
  readonly session: DeviceSession;
  readonly structure: TreeDef;
  readonly inputNames: readonly string[];
  /** For every output: its name in the graph, or the position of the argument that it is. */
  readonly outputs: readonly (string | number)[];
  readonly seconds: readonly [trace: number, lower: number, session: number];
}

/**
 * Compiles a function of jax-js arrays for ONNX Runtime.
 *
 * The function is traced by jax-js (so it may use grad, jvp and vmap, and must be pure), its Jaxpr is lowered
 * to one graph of standard ONNX operators, and the graph runs on the device. Tracing happens on the first
 * call for each combination of argument shapes and types. Calls compute on the calling thread, but each
 * starts in a macrotask of its own, so that timers and signals get through between calls.
 *
 * @param fn - takes and returns trees (nested arrays and objects) of jax-js arrays
 * @param options - `device` (default: `"cpu"` if it is there, else `"wasm"`), `threads` (default: all that the
 *   process may use) and `donate` (default: no arguments)
 * @returns an asynchronous function of the same trees. Leaves of its arguments may be jax-js arrays, which
 *   are consumed as jax-js does it, arrays that an earlier call returned, which are neither consumed nor
 *   copied, or numbers and booleans. Leaves of its result are `EngineArray`s; those that are an argument as it
 *   came are that array, without a copy.
 * @throws InvalidArgumentError for options out of range and for leaves that are no arrays
 * @throws DeviceUnavailableError for a device that is not there; where only trying tells, on the first call
 * @throws UnsupportedPrimitiveError, on a call, if the function uses an operation without a lowering
 * @example
 * ```ts
 * import { grad, init, numpy as np } from "@jax-js/jax";
 * import { jit } from "sofim/ort";
 *
 * await init("wasm");
 * const slope = jit(grad((x: np.Array) => np.sum(np.square(x))), { threads: 1 });
 * const result = await slope(np.array([1, 2, 3]));
 * if ((await result.data()).join() !== "2,4,6") throw new Error("unexpected");
 * await slope.dispose();
 * ```
 */
export function jit<F extends Traceable>(fn: F, options: JitOptions = {}): JitFunction<F> {
  const { backend, threads } = chooseDevice(options);
  const donated = checkDonated(options.donate ?? []);
  const cache = new Map<string, Promise<Compiled>>();
  const finished: Compiled[] = [];
  let disposed = false;

  const call = async (...args: JsTree<Leaf>[]): Promise<unknown> => {
    if (disposed) throw new EngineError(`jit: ${fn.name || "the function"} was called after its dispose()`);
    const flat = args.map((arg) => tree.flatten(arg));
    const leaves = flat.flatMap(([parts]) => parts);
    const key = `${flat.map(([, structure]) => structure)}${leaves.map(describeType).join(";")}`;
    const wanted = `positions below ${args.length}, the number of arguments`;
    const given = donated.flatMap((position) => flat[position]?.[0] ?? refuseDonated(donated, wanted));
    let compiled = cache.get(key);
    if (compiled === undefined) {
      compiled = compile(fn, tree.structure(args), leaves.map(typeOf), { backend, threads });
      cache.set(key, compiled);
      compiled.then((entry) => finished.push(entry)).catch(() => cache.delete(key));
    }
    return run(await compiled, leaves, { backend, donated: given });
  };

  const sum = (part: 0 | 1 | 2) => finished.reduce((total, { seconds }) => total + seconds[part], 0);
  return Object.assign(call as unknown as JitFunction<F>, {
    info: (): EngineInfo => ({
      device: backend.device,
      provider: backend.provider,
      results: backend.results,
      threads,
      compilations: finished.length,
      traceSeconds: sum(0),
      lowerSeconds: sum(1),
      sessionSeconds: sum(2),
    }),
    dispose: async () => {
      disposed = true;
      const entries = await Promise.allSettled(cache.values());
      cache.clear();
      for (const entry of entries) if (entry.status === "fulfilled") await entry.value.session.close();
    },
  });
}

async function compile(
  fn: Traceable,
  structure: TreeDef,
  types: readonly Abstract[],
  { backend, threads }: Choice,
): Promise<Compiled> {
  const args = tree.unflatten(structure, types) as JsTree<Abstract>[];
  const {
    graph,
    outputs,
    structure: results,
    traceSeconds,
    lowerSeconds,
  } = await trace(fn, args, {
    returns: "computed",
    target: backend.target,
  });
  const names = graph.outputs.map(({ name }) => name);
  const start = performance.now();
  const session = await backend.open(graph, threads);
  return {
    session,
    structure: results,
    inputNames: graph.inputs.map(({ name }) => name),
    outputs: outputs.map((output) => (output === "computed" ? names.shift()! : output)),
    seconds: [traceSeconds, lowerSeconds, (performance.now() - start) / 1000],
  };
}

/** Arguments of calls under way: garbage collection would free the device's memory under them. */
const inUse = new Set<readonly Leaf[]>();

function checkDonated(positions: readonly number[]): readonly number[] {
  const isPosition = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
  if (Array.isArray(positions) && positions.every(isPosition)) return positions;
  return refuseDonated(positions, "a list of positions of arguments, counted from 0");
}

/** The positions themselves, and not that they are an array. */
function refuseDonated(positions: readonly number[], wanted: string): never {
  throw new InvalidArgumentError("donate", String(positions), wanted);
}

const isHere = (tensor: Tensor | Promise<Tensor>): tensor is Tensor => !(tensor instanceof Promise);

interface Call {
  readonly backend: Backend;
  readonly donated: readonly Leaf[];
}

async function run(
  compiled: Compiled,
  leaves: readonly Leaf[],
  { backend, donated }: Call,
): Promise<JsTree<EngineArray>> {
  const returned = new Set(
    compiled.outputs.flatMap((output) => (typeof output === "number" ? leaves[output]! : [])),
  );
  const given = donated.filter(isEngineArray).filter((array) => !returned.has(array));
  const { tensors, results } = await compute(compiled, leaves, { backend, donated: given });
  const origin = { backend, session: compiled.session };
  const outputs = compiled.outputs.map((output) => {
    if (typeof output === "string") return new EngineArray(results[output]!, origin);
    const leaf = leaves[output];
    return leaf instanceof EngineArray ? leaf : new EngineArray(tensors[output]!);
  });
  for (const array of new Set(given)) array.giveMemoryTo(compiled.session);
  return tree.unflatten(compiled.structure, outputs) as JsTree<EngineArray>;
}

/** Nobody else can use donated arrays from the beginning of this call on, or again if it fails. */
async function compute(
  compiled: Compiled,
  leaves: readonly Leaf[],
  { backend, donated }: { readonly backend: Backend; readonly donated: readonly EngineArray[] },
): Promise<{ readonly tensors: readonly Tensor[]; readonly results: Tensors }> {
  const found = leaves.map((leaf) => toTensor(leaf, backend));
  const arrays = leaves.filter(isEngineArray);
  for (const array of arrays) array.countReaders(1);
  for (const array of donated) array.setDonated(true);
  inUse.add(leaves);
  try {
    const tensors = found.every(isHere) ? found : await Promise.all(found);
    const feeds: Record<string, Tensor> = {};
    for (const [i, name] of compiled.inputNames.entries()) feeds[name] = tensors[i]!;
    return { tensors, results: await compiled.session.run(feeds) };
  } catch (error) {
    for (const array of donated) array.setDonated(false);
    throw error;
  } finally {
    for (const array of arrays) array.countReaders(-1);
    inUse.delete(leaves);
  }
}
