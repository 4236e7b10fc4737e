/** Leaves of a jitted function's arguments: their types for tracing, their tensors for running. */
import { numpy as np } from "@jax-js/jax";
import type { Tensor } from "onnxruntime-common";
import { InvalidArgumentError } from "../core/index.js";
import { EngineArray, nameType, tensorOf } from "./array.js";
import type { Backend } from "./devices/backend.js";
import { EngineError } from "./errors.js";
import type { ElementType } from "./jaxpr.js";

/** What a leaf of an argument may be. */
export type Leaf = np.Array | EngineArray | number | boolean;

/** An argument's type, without its elements. A class, so that jax-js takes it for a leaf. */
export class Abstract {
  constructor(
    readonly shape: number[],
    readonly dtype: ElementType,
    readonly weakType: boolean,
  ) {}

  toString(): string {
    return nameType(this.dtype, this.shape) + (this.weakType ? "*" : "");
  }
}

/** Whether a value stands for what a transformation of jax-js will compute. */
export const isTraced = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "_trace" in value && !(value instanceof np.Array);

export const STILL_TRACED =
  "a value that is still being traced by an enclosing jax-js transformation; " +
  "call the engine's jit outside of grad, jvp, vmap and jit";

/**
 * @throws InvalidArgumentError if the leaf is no array, number or boolean
 * @throws EngineError if it is being traced
 */
export function typeOf(leaf: unknown, position: number): Abstract {
  if (typeof leaf === "number") return new Abstract([], "float32", true);
  if (typeof leaf === "boolean") return new Abstract([], "bool", true);
  if (leaf instanceof np.Array) return new Abstract([...leaf.shape], leaf.dtype, leaf.weakType);
  if (leaf instanceof EngineArray) return new Abstract([...leaf.shape], leaf.dtype, false);
  if (isTraced(leaf)) throw new EngineError(`leaf ${position} of the arguments is ${STILL_TRACED}`);
  throw new InvalidArgumentError(
    `leaf ${position} of the arguments`,
    leaf,
    "a jax-js array, an EngineArray, a number or a boolean",
  );
}

/** The type as text, equal for equal types. */
export function describeType(leaf: unknown, position: number): string {
  return leaf instanceof EngineArray ? leaf.typeName : typeOf(leaf, position).toString();
}

export const isEngineArray = (leaf: unknown): leaf is EngineArray => leaf instanceof EngineArray;

/**
 * The leaf's elements as a tensor that `backend` takes; a promise only where they must be fetched, as a short step would
 * notice so many promises. A jax-js array is consumed.
 */
export function toTensor(leaf: Leaf, backend: Backend): Tensor | Promise<Tensor> {
  if (leaf instanceof EngineArray) return leaf.tensorFor(backend);
  if (typeof leaf === "number") return tensorOf("float32", Float32Array.of(leaf), []);
  if (typeof leaf === "boolean") return tensorOf("bool", Int32Array.of(leaf ? 1 : 0), []);
  const { dtype, shape } = leaf;
  return leaf.data().then((data) => tensorOf(dtype, data as Float32Array, shape));
}
