/** The devices by name. */
import type { Platform } from "../platform/platform.js";

export const devices = ["cpu", "wasm", "webgpu", "cuda"] as const;

/**
 * Where a function runs: `"cpu"`, ONNX Runtime's native kernels in Node; `"wasm"`, WebAssembly in Node and in
 * browsers; `"webgpu"`, a GPU by WebGPU in Node and in browsers; `"cuda"`, an NVIDIA GPU in Node.
 */
export type Device = (typeof devices)[number];

/** Those that need nothing but a package, and have it; the best first. */
export function certainDevices({ packages }: Platform): readonly Device[] {
  return (["cpu", "wasm"] as const).filter((device) => packages[device]?.isInstalled());
}
