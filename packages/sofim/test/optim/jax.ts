import { readFileSync } from "node:fs";
import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
import type { ArrayTree } from "../../src/optim/index.js";

// jax-js 0.1 names Float16Array when it is given float64 data, and Node 20 has no such class.
Object.assign(globalThis, { Float16Array: Reflect.get(globalThis, "Float16Array") ?? class Float16Array {} });

/** Call in `beforeAll`. */
export async function startJax(): Promise<void> {
  await init("wasm");
  defaultDevice("wasm");
}

/** All values of a tree in leaf order, read without consuming it. */
export function values(root: ArrayTree): number[] {
  return tree.leaves<np.Array>(root).flatMap((x) => Array.from(x.ref.dataSync(), Number));
}

/** `values` and then dispose. */
export function take(root: ArrayTree): number[] {
  const result = values(root);
  tree.dispose(root);
  return result;
}

/** Shape, dtype and weak type of every leaf. */
export function types(root: ArrayTree): string[] {
  return tree
    .leaves<np.Array>(root)
    .map((x) => `${x.dtype}${JSON.stringify(x.shape)}${x.weakType ? " weak" : ""}`);
}

export function array(data: readonly number[], shape: number[], dtype: np.DType = np.float32): np.Array {
  return np.array([...data], { dtype }).reshape(shape);
}

interface Backend {
  malloc(...args: unknown[]): number;
  incRef(slot: number): void;
  decRef(slot: number): void;
}

/**
 * Counts the references to device buffers from now on: the returned function gives the number added and not given
 * back. jax-js has no public counter, so this finds its backend through the module file.
 */
export async function countBuffers(): Promise<() => number> {
  const entry = import.meta.resolve("@jax-js/jax");
  const source = readFileSync(new URL(entry), "utf8");
  const [, names, file] = /import \{([^}]*)\} from "(\.\/backend-[^"]+)"/.exec(source)!;
  const alias = /([\w$]+) as getBackend\b/.exec(names!)![1]!;
  const module = (await import(new URL(file!, entry).href)) as Record<string, (name: string) => Backend>;
  const backend = module[alias]!("wasm");
  let live = 0;
  const wrap = (method: keyof Backend, change: number) => {
    const original = (backend[method] as (...args: unknown[]) => unknown).bind(backend);
    Object.assign(backend, {
      [method]: (...args: unknown[]) => {
        live += change;
        return original(...args);
      },
    });
  };
  wrap("malloc", 1);
  wrap("incRef", 1);
  wrap("decRef", -1);
  return () => live;
}
