/** Arrays as the engine takes and returns them. */
import { numpy as np } from "@jax-js/jax";
import { Tensor } from "onnxruntime-common";
import { InvalidArgumentError } from "../core/index.js";
import type { Backend } from "./devices/backend.js";
import type { DeviceSession } from "./devices/device-session.js";
import { EngineError } from "./errors.js";
import { type ElementType, product } from "./jaxpr.js";

/** Element storage; booleans are 0 or 1 in an Int32Array, as in jax-js. */
export type ArrayData = Float32Array | Float64Array | Int32Array | Uint32Array;

/** What computed a tensor. */
export interface Origin {
  readonly backend: Backend;
  readonly session: DeviceSession;
}

/**
 * An immutable array that a jitted function took or returned.
 *
 * It is held by ONNX Runtime's tensor and freed by garbage collection: passing it to a jitted function
 * neither copies nor consumes it (unless `jit` was told to `donate` it), and `tree.ref` and `tree.dispose` of jax-js leave
 * it alone.
 */
export class EngineArray {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** jax-js reads this property of whatever it traces with: an array is never weakly typed. */
  readonly weakType = false;
  readonly #tensor: Tensor;
  /** Of a result. */
  readonly #origin: Origin | undefined;
  /** The tensor in JavaScript's memory; undefined for one in a device's own, until that was asked for. */
  #host: Tensor | undefined;
  #reading: Promise<Tensor> | undefined;
  #typeName: string | undefined;
  /** Whether somebody may have a view of the memory. */
  #isSeen = false;
  #isDonated = false;
  /** How many calls under way read it. */
  #readers = 0;

  /** @internal Made by `jit` and `engineArray`. */
  constructor(tensor: Tensor, origin?: Origin) {
    this.shape = Object.freeze([...tensor.dims]);
    this.dtype = elementTypeOf(tensor);
    this.#tensor = tensor;
    this.#origin = origin;
    if (this.#isOnDevice) origin!.session.adopt(this, tensor);
    else this.#host = tensor;
  }

  get size(): number {
    return product(this.shape);
  }

  /** @internal Element type and shape. */
  get typeName(): string {
    this.#typeName ??= nameType(this.dtype, this.shape);
    return this.#typeName;
  }

  get #isOnDevice(): boolean {
    return this.#tensor.location === "gpu-buffer";
  }

  /** @internal The tensor, where the backend can use it. */
  tensorFor(backend: Backend): Tensor | Promise<Tensor> {
    this.#assertLive("an argument");
    if (this.#isOnDevice && this.#origin!.backend === backend) return this.#tensor;
    return this.#host ?? this.#read();
  }

  /** @internal A call that reads the array has begun (1), or is over (-1). */
  countReaders(change: 1 | -1): void {
    this.#readers += change;
  }

  /** @internal Nobody can use the array from now on, or again if the call that it was donated to failed. */
  setDonated(isDonated: boolean): void {
    this.#isDonated = isDonated;
  }

  /** @internal Whether a call that the array is donated to, and that has begun, may write to its memory. */
  get isFree(): boolean {
    // Nobody else reads it or has a view of it, and a user's typed array stays a user's.
    return this.#readers === 1 && this.#origin !== undefined && !this.#isOnDevice && !this.#isSeen;
  }

  /** @internal A result took the memory of a donated array over. */
  forget(): void {
    this.#host = undefined;
  }

  /** @internal Frees the memory of a donated array, or has results of `session` computed there, once that is safe. */
  giveMemoryTo(session: DeviceSession): void {
    // Another call may have got it before: then garbage collection frees it. A user's typed array stays a user's.
    if (this.#readers > 0 || this.#origin === undefined) return;
    if (this.#isOnDevice) this.#origin.session.disown(this, this.#tensor);
    else if (!this.#isSeen) session.recycle(this.#tensor);
    this.#host = undefined;
  }

  #assertLive(what: string): void {
    if (!this.#isDonated) return;
    throw new EngineError(`${what}: the array was donated to an earlier call, and its memory with it`);
  }

  async #read(): Promise<Tensor> {
    this.#reading ??= this.#origin!.backend.read(this.#tensor);
    this.#host = await this.#reading;
    return this.#host;
  }

  /**
   * The elements in row-major order.
   *
   * @returns a view of the engine's own memory, not a copy (booleans excepted): do not write to it
   * @throws EngineError for an array in a GPU's memory that `data` has not read yet, and for one that was donated
   */
  dataSync(): ArrayData {
    const data = this.#elements("dataSync");
    if (data instanceof Uint8Array) return Int32Array.from(data);
    this.#isSeen = true;
    return data;
  }

  #elements(what: string): ArrayData | Uint8Array {
    this.#assertLive(what);
    if (this.#host !== undefined) return this.#host.data as ArrayData | Uint8Array;
    const { device } = this.#origin!.backend;
    throw new EngineError(`${what}: the array is in the memory of "${device}"; await data() first`);
  }

  /** As `dataSync`, for an array on any device; once it has been awaited, `dataSync`, `item` and `toJax` work too. */
  async data(): Promise<ArrayData> {
    this.#assertLive("data");
    if (this.#host === undefined) await this.#read();
    return this.dataSync();
  }

  /**
   * The only element, as a number.
   *
   * @throws EngineError unless the array has exactly one element
   */
  item(): number {
    const data = this.#elements("item");
    if (data.length !== 1)
      throw new EngineError(`item: got an array of shape [${this.shape}], want one element`);
    return data[0]!;
  }

  /**
   * A copy as a jax-js array on its default device; the caller owns the reference.
   *
   * @throws EngineError for float64 where the runtime has no `Float16Array` (before Node 24): jax-js 0.1.25
   *   looks for that class on its way to float64
   */
  toJax(): np.Array {
    const dtype = np[this.dtype];
    if (this.size === 0) return np.zeros([...this.shape], { dtype });
    if (this.dtype === "float64" && !("Float16Array" in globalThis)) {
      throw new EngineError("toJax: jax-js takes float64 data from Node 24 on; use dataSync() instead");
    }
    return np.array(Array.from(this.#elements("toJax")), { shape: [...this.shape], dtype });
  }

  toString(): string {
    return `EngineArray:${this.typeName}`;
  }
}

export const nameType = (dtype: ElementType, shape: readonly number[]): string => `${dtype}[${shape}]`;

/**
 * An engine array of typed-array data, without a detour through jax-js.
 *
 * @param data - the elements in row-major order; used in place, so do not write to them while a function
 *   that takes the array runs, nor later if it returned the array
 * @param shape - sizes whose product is `data.length`; default: one dimension
 * @throws InvalidArgumentError for data that is no such array, and if the shape does not hold as many elements as there are
 * @example
 * ```ts
 * import { engineArray } from "sofim/ort";
 * const x = engineArray(Float32Array.of(1, 2, 3, 4), [2, 2]);
 * if (x.dtype !== "float32" || x.size !== 4) throw new Error("unexpected");
 * ```
 */
export function engineArray(data: ArrayData, shape: readonly number[] = [data?.length]): EngineArray {
  const type = typeOfData(data);
  if (
    !Array.isArray(shape) ||
    !shape.every((size) => Number.isInteger(size) && size >= 0) ||
    product(shape) !== data.length
  ) {
    throw new InvalidArgumentError(
      "shape",
      `[${shape}]`,
      `a list of whole sizes whose product is ${data.length}`,
    );
  }
  return new EngineArray(tensorOf(type, data, [...shape]));
}

/** A tensor over the given memory (copied for booleans only, which ONNX stores in one byte). */
export function tensorOf(type: ElementType, data: ArrayData, shape: readonly number[]): Tensor {
  return new Tensor(type, type === "bool" ? Uint8Array.from(data) : (data as Float32Array), shape);
}

function typeOfData(data: ArrayData): ElementType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint32Array) return "uint32";
  const wanted = "a Float32Array, Float64Array, Int32Array or Uint32Array";
  throw new InvalidArgumentError("data", data, wanted);
}

function elementTypeOf({ type }: Tensor): ElementType {
  switch (type) {
    case "float32":
    case "float64":
    case "int32":
    case "uint32":
    case "bool":
      return type;
    default:
      throw new EngineError(`the engine returned an array of type ${type}, which has no jax-js counterpart`);
  }
}
