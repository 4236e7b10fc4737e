/** A function to run both in jax-js and on the engine, with its arguments. */
import { type JsTree, numpy as np } from "@jax-js/jax";

export interface Case {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each case takes its own number of arrays
  readonly fn: (...args: any[]) => JsTree<np.Array>;
  readonly args: readonly Sample[];
  /** Relative to the largest element; default 1e-5. A reason stands beside every other value. */
  readonly tolerance?: number;
}

export interface Sample {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "float64" | "int32" | "uint32" | "bool";
  readonly values: readonly number[];
}

/** Numbers in [-1, 1) that look random and are the same everywhere. */
function noise(count: number, salt: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + salt * 78.233) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Floats in [low, high). */
export function floats(shape: readonly number[], low = -1, high = 1, salt = shape.length): Sample {
  const values = noise(size(shape), salt).map((x) => low + ((x + 1) / 2) * (high - low));
  return { shape, dtype: "float32", values };
}

export function doubles(shape: readonly number[], low = -1, high = 1): Sample {
  return { ...floats(shape, low, high), dtype: "float64" };
}

/** Whole numbers in [low, high]. */
export function integers(
  shape: readonly number[],
  low: number,
  high: number,
  dtype: "int32" | "uint32" = "int32",
): Sample {
  const values = floats(shape, low, high + 1, 7).values.map(Math.floor);
  return { shape, dtype, values };
}

export function booleans(shape: readonly number[]): Sample {
  return { shape, dtype: "bool", values: floats(shape, 0, 1, 3).values.map((x) => (x < 0.5 ? 0 : 1)) };
}

/** Exactly these values, in one dimension. */
export function exactly(values: readonly number[], dtype: Sample["dtype"] = "float32"): Sample {
  return { shape: [values.length], dtype, values };
}

export function toArray({ shape, dtype, values }: Sample): np.Array {
  if (values.length === 0) return np.zeros([...shape], { dtype: np[dtype] }); // jax-js takes no empty data
  // By way of float32, because jax-js 0.1.25 takes float64 data from Node 24 on only.
  const type = dtype === "float64" ? np.float32 : np[dtype];
  return np.array([...values], { shape: [...shape], dtype: type }).astype(np[dtype]);
}
