/** Trains and runs jax-js code on ONNX Runtime. */
export { type ArrayData, EngineArray, engineArray } from "./array.js";
export { EngineError, UnsupportedPrimitiveError } from "./errors.js";
export { type EngineInfo, type JitFunction, jit } from "./jit.js";
export type { Leaf } from "./leaf.js";
export type { Device, SessionOptions } from "./session.js";
export { toOnnx } from "./to-onnx.js";
export type { Traceable } from "./trace.js";
export type { ArgumentsWithLeaves, WithLeaves } from "./with-leaves.js";
