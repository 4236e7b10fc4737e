/** `jit`: the face of the engine. */
import { type JsTree, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/index.js";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import type { EngineArray } from "./array.js";
import { type Compiled, run } from "./call.js";
import type { Provider, Results } from "./devices/backend.js";
import type { Device } from "./devices/device.js";
import { type Choice, chooseDevice, type SessionOptions } from "./devices/index.js";
import { EngineError } from "./errors.js";
import { overwrites } from "./in-place.js";
import { type Abstract, describeType, type Leaf, typeOf } from "./leaf.js";
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
   * Positions of arguments, counted from 0, whose arrays are given away: they cannot be used again. Where results are
   * `"direct"` (see `EngineInfo.results`), their memory serves for this call's results or later ones; where they are
   * `"kept"`, it is free at once. For parameters and state, which the next ones replace. jax calls this `donate_argnums`.
   * Default: none.
   */
  readonly donate?: readonly number[];
}

const optionNames: OptionNames<JitOptions> = { device: "optional", threads: "optional", donate: "optional" };

export interface JitFunction<F extends Traceable> {
  (...args: ArgumentsWithLeaves<Parameters<F>, Leaf>): Promise<WithLeaves<ReturnType<F>, EngineArray>>;
  /** Where and how the function runs, and what its compilations cost. */
  info(): EngineInfo;
  /**
   * Frees the compiled graphs, once calls under way are done; the function cannot be called afterwards. Arrays it returned
   * live on.
   */
  dispose(): Promise<void>;
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
 * @throws InvalidArgumentError for options that are unknown or out of range and for leaves that are no arrays, of arguments or of the result
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
  if (typeof fn !== "function") throw new InvalidArgumentError("fn", fn, "a function of jax-js arrays");
  const { backend, threads } = chooseDevice(checkOptionNames(options, optionNames));
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
      const isDonated = flat.flatMap(([parts], position) => parts.map(() => donated.includes(position)));
      compiled = compile(
        fn,
        tree.structure(args),
        { types: leaves.map(typeOf), isDonated },
        { backend, threads },
      );
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
  { types, isDonated }: { readonly types: readonly Abstract[]; readonly isDonated: readonly boolean[] },
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
  const inputNames = graph.inputs.map(({ name }) => name);
  const replaced = session.overwrites
    ? overwrites(graph, new Set(inputNames.filter((_, leaf) => isDonated[leaf])))
    : new Map<string, string>();
  return {
    session,
    structure: results,
    inputNames,
    replaced: [...replaced].map(([output, input]) => [output, inputNames.indexOf(input)] as const),
    outputs: outputs.map((output) => (output === "computed" ? names.shift()! : output)),
    seconds: [traceSeconds, lowerSeconds, (performance.now() - start) / 1000],
  };
}

function checkDonated(positions: readonly number[]): readonly number[] {
  const isPosition = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
  if (Array.isArray(positions) && positions.every(isPosition)) return positions;
  return refuseDonated(positions, "a list of positions of arguments, counted from 0");
}

/** The positions themselves, and not that they are an array. */
function refuseDonated(positions: readonly number[], wanted: string): never {
  throw new InvalidArgumentError("donate", String(positions), wanted);
}
