/** Trains and runs jax-js code on ONNX Runtime. */
export { type ArrayData, EngineArray, engineArray } from "./array.js";
export type { Provider, Results } from "./devices/backend.js";
export type { Device } from "./devices/device.js";
export type { SessionOptions } from "./devices/index.js";
export { DeviceUnavailableError, EngineError, UnsupportedPrimitiveError } from "./errors.js";
export { type EngineInfo, type JitFunction, type JitOptions, jit } from "./jit.js";
export type { Leaf } from "./leaf.js";
export { toOnnx } from "./to-onnx.js";
export type { Traceable } from "./trace.js";
export type { ArgumentsWithLeaves, WithLeaves } from "./with-leaves.js";
