/** What the lowering reads of jax-js's Jaxprs, in types that it can rely on. */
import { type DType, type Jaxpr, numpy as np } from "@jax-js/jax";

export type Equation = Jaxpr["eqns"][number];
export type Atom = Equation["inputs"][number];
export type Variable = Equation["outBinders"][number];
/** Shape and element type of a traced value. */
export type Aval = Variable["aval"];

/** Every primitive that jax-js can put into a Jaxpr; the rule map is total over this type. */
export type Primitive = `${Equation["primitive"]}`;

export type ElementType = `${DType}`;

type Pairs = readonly (readonly [number, number])[];

export interface ConvParams {
  readonly vmapDims: number;
  readonly strides: readonly number[];
  readonly padding: Pairs;
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
}

export interface WindowParams {
  readonly window: readonly number[];
  readonly strides: readonly number[];
}

/** Parameters of the primitives that have any and that we lower, as documented in jax-js's `core.ts`. */
interface ParamsByPrimitive {
  readonly bit_combine: { readonly op: "and" | "or" | "xor" };
  readonly bit_shift: { readonly op: "shl" | "shr" };
  readonly cast: { readonly dtype: ElementType };
  readonly reduce: { readonly op: "Add" | "Mul" | "Min" | "Max"; readonly axis: readonly number[] };
  readonly conv: ConvParams;
  readonly pool: WindowParams;
  readonly pool_transpose: WindowParams & { readonly inShape: readonly number[] };
  readonly compare: { readonly op: "less" | "equal" | "not_equal" | "less_equal" };
  readonly concatenate: { readonly axis: number };
  readonly split: { readonly axis: number; readonly sizes: readonly number[] };
  readonly random_bits: { readonly shape: readonly number[]; readonly mode: "xor" | 0 | 1 };
  readonly scatter: {
    readonly op: "update" | "add";
    readonly shape: readonly number[];
    readonly axis: readonly number[];
    readonly outDim: number;
    readonly uniqueIndices: boolean;
  };
  readonly fft: { readonly factors: readonly number[]; readonly inverse: boolean };
  readonly gather: { readonly axis: readonly number[]; readonly outDim: number };
  readonly transpose: { readonly perm: readonly number[] };
  readonly broadcast: { readonly shape: readonly number[]; readonly axis: readonly number[] };
  readonly reshape: { readonly shape: readonly number[] };
  readonly flip: { readonly axis: readonly number[] };
  readonly shrink: { readonly slice: Pairs };
  readonly pad: { readonly width: Pairs };
  readonly triangular_solve: { readonly unitDiagonal: boolean };
  readonly jacobi_eigh: {
    readonly maxSweeps: number;
    /** The largest element off the diagonal that may remain, relative to the largest of all, or to 1 if that is more. */
    readonly tolerance: number;
  };
}

export type Params<P extends Primitive> = P extends keyof ParamsByPrimitive
  ? ParamsByPrimitive[P]
  : Readonly<Record<string, unknown>>;

/**
 * The element type in which two operands meet, as jax-js promotes them: a weakly typed operand (a bare
 * JavaScript number) takes the other's type.
 */
export function promote(a: Aval, b: Aval): ElementType {
  if (a.weakType === b.weakType) return np.promoteTypes(a.dtype, b.dtype);
  return np.promoteTypes(a.weakType ? b.dtype : a.dtype, np.uint32);
}

export const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
