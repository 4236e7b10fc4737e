/** The engine's surroundings in Node. */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Platform, RuntimePackage } from "./platform.js";

const require = createRequire(import.meta.url);

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

const native: RuntimePackage = {
  name: "onnxruntime-node",
  kind: "native",
  isInstalled: () => isInstalled("onnxruntime-node"),
  load: () => import("onnxruntime-node"),
};

const web: RuntimePackage = {
  name: "onnxruntime-web",
  kind: "web",
  isInstalled: () => isInstalled("onnxruntime-web"),
  load: () => import("onnxruntime-web"),
};

export const platform: Platform = {
  name: "Node",
  packages: { cpu: native, wasm: web, webgpu: native, cuda: native },
  threads: { most: Infinity, byDefault: availableParallelism() },
  macrotask: () => new Promise((resolve) => setImmediate(resolve)),
};
