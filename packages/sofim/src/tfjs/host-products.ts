import { backend, getBackend, type Tensor } from "@tensorflow/tfjs-core";
import * as simd from "./simd.js";

/** Whether the backend's tensors lie in this process's memory, where reading a number waits for nothing. */
export function readsAtOnce(): boolean {
  const name = getBackend();
  return name === "cpu" || name === "wasm";
}

/** Inner product of two lists of float32 tensors, summed in float64; NaN or Infinity only if an element is. */
export function innerProduct(a: readonly Tensor[], b: readonly Tensor[]): number {
  return a.reduce((sum, tensor, i) => sum + simd.dot(read(tensor), read(b[i]!)), 0);
}

/** Sum of the squares of all elements, right to about 1e-7; NaN or Infinity only if an element is. */
export function sumOfSquares(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, tensor) => sum + simd.sumOfSquares(read(tensor)), 0);
}

/** The method of the wasm backend that shows a tensor where it lies, instead of copying it. */
interface WasmBackend {
  typedArrayFromHeap(tensor: Tensor): Float32Array;
}

/** The elements of a tensor, to be read before the next operation. */
function read(tensor: Tensor): Float32Array {
  const current: object = backend();
  const shows = "typedArrayFromHeap" in current;
  return shows ? (current as WasmBackend).typedArrayFromHeap(tensor) : tensor.dataSync<"float32">();
}
