import { jit as jaxJit, numpy as np, tree } from "@jax-js/jax";
import type { ArrayTree } from "../../../src/optim/index.js";
import { engineArray, jit as engineJit } from "../../../src/ort/index.js";

/** A function of trees, compiled. */
export interface Compiled<Args extends ArrayTree[], Result extends ArrayTree> {
  (...args: Args): Promise<Result>;
  /** How often it was traced so far. */
  traces(): number;
  dispose(): Promise<void>;
}

/** A way to run an optimizer. Trees of every adapter are typed as those of jax-js. */
export interface Adapter {
  readonly compile: <Args extends ArrayTree[], Result extends ArrayTree>(
    fn: (...args: Args) => Result,
  ) => Compiled<Args, Result>;
  /** The adapter's own arrays from saved ones. */
  readonly load: <T extends ArrayTree>(saved: Saved<T>) => T;
  /** One float32 number. */
  readonly scalar: (value: number) => np.Array;
}

/** A tree as a file could hold it: its arrays as JSON. */
export interface Saved<T extends ArrayTree> {
  readonly json: string;
  readonly structure: ReturnType<typeof tree.structure<np.Array>>;
  /** Never there: it carries the type. */
  readonly type?: T;
}

interface SavedLeaf {
  readonly dtype: np.DType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Reads a tree of any adapter without consuming it. Its numbers must be finite. */
export function save<T extends ArrayTree>(root: T): Saved<T> {
  const [leaves, structure] = tree.flatten<np.Array>(root);
  const saved = leaves.map((x): SavedLeaf => ({ dtype: x.dtype, shape: x.shape, data: dataOf(x) }));
  return { json: JSON.stringify(saved), structure };
}

/** The numbers of one array, of jax-js or of the engine, without consuming it. */
function dataOf(x: np.Array): number[] {
  // An array of the engine has no `ref`: reading does not consume it.
  return Array.from((x.ref ?? x).dataSync(), Number);
}

/** Every number of a tree in leaf order, without consuming it. */
export const read = (root: ArrayTree): number[] => tree.leaves<np.Array>(root).flatMap(dataOf);

const loader =
  (make: (leaf: SavedLeaf) => np.Array): Adapter["load"] =>
  <T extends ArrayTree>({ json, structure }: Saved<T>) =>
    tree.unflatten(structure, (JSON.parse(json) as SavedLeaf[]).map(make)) as T;

const loadOnJax = loader(({ dtype, shape, data }) => {
  if (data.length === 0) return np.zeros([...shape], { dtype });
  return inMemory(typed(dtype, [...data, data[0]! + 1]), dtype)
    .slice([0, data.length])
    .reshape([...shape]);
});

const scalarOnJax = (value: number): np.Array =>
  inMemory(Float32Array.of(value, value === 1 ? 0 : 1), np.float32).slice(0);

/**
 * An array in memory, as any result of `jit` is. Jax-js makes a constant of one that holds a single number, and outside
 * of `jit` it computes with constants in float64 and takes 0 NaN for 0.
 */
function inMemory(values: ArrayLike<number>, dtype: np.DType): np.Array {
  return np.array(values as Float32Array<ArrayBuffer>, { dtype });
}

const loadOnEngine = loader(
  ({ dtype, shape, data }) => engineArray(typed(dtype, data), shape) as unknown as np.Array,
);

function typed(dtype: np.DType, data: readonly number[]) {
  if (dtype === np.float64) return Float64Array.from(data);
  if (dtype === np.int32) return Int32Array.from(data);
  return dtype === np.uint32 ? Uint32Array.from(data) : Float32Array.from(data);
}

export const adapters = {
  "jax-js": {
    compile: (fn) =>
      Object.assign(async (...args: Parameters<typeof fn>) => fn(...args), {
        traces: () => 1,
        dispose: async () => {},
      }),
    load: loadOnJax,
    scalar: scalarOnJax,
  },
  "jax-js jit": {
    compile<Args extends ArrayTree[], Result extends ArrayTree>(fn: (...args: Args) => Result) {
      let traces = 0;
      const compiled = jaxJit((...args: Args): Result => {
        traces++;
        return fn(...args);
      });
      return Object.assign(async (...args: Args) => compiled(...(args as never)) as Result, {
        traces: () => traces,
        dispose: async () => compiled.dispose(),
      });
    },
    load: loadOnJax,
    scalar: scalarOnJax,
  },
  "sofim/ort jit": {
    compile<Args extends ArrayTree[], Result extends ArrayTree>(fn: (...args: Args) => Result) {
      const compiled = engineJit(fn as never, { threads: 1 });
      return Object.assign(
        (...args: Args) => (compiled as unknown as (...args: Args) => Promise<Result>)(...args),
        { traces: () => compiled.info().compilations, dispose: () => compiled.dispose() },
      );
    },
    load: loadOnEngine,
    scalar: (value) => engineArray(Float32Array.of(value), []) as unknown as np.Array,
  },
} as const satisfies Record<string, Adapter>;

export type AdapterName = keyof typeof adapters;
export const adapterNames = Object.keys(adapters) as AdapterName[];
