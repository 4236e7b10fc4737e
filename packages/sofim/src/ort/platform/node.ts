/** The engine's surroundings in Node. */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { OnnxGraph } from "../model.js";
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
  // Tried on Linux only.
  ...(process.platform === "linux" && isInstalled("koffi") && { loadDirect }),
};

async function loadDirect() {
  const [{ CApi }, { DirectSession }] = await Promise.all([
    import("./c-api.js"),
    import("./direct-session.js"),
  ]);
  const api = await CApi.load();
  return (graph: OnnxGraph, threads: number) => new DirectSession(api, graph, threads);
}

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
