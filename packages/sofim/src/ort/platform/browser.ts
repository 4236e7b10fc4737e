/** The engine's surroundings in a browser; a bundler takes this file in place of Node's. */
import type { Platform, RuntimePackage } from "./platform.js";

const web = { name: "onnxruntime-web", kind: "web", isInstalled: () => true } as const;

const wasm: RuntimePackage = {
  ...web,
  load: () => import("onnxruntime-web/wasm"),
};

const webgpu: RuntimePackage = {
  ...web,
  load: () => import("onnxruntime-web/webgpu"),
};

/** What of a page or a web worker is looked at here; the project's types are Node's. */
const scope = globalThis as unknown as {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
};

export const platform: Platform = {
  name: "a browser",
  packages: { wasm, webgpu },
  // WebAssembly has threads only where memory may be shared.
  threads: scope.crossOriginIsolated
    ? { most: Infinity, byDefault: scope.navigator?.hardwareConcurrency ?? 1 }
    : {
        most: 1,
        byDefault: 1,
        reason: "a page has threads only when it is cross-origin isolated (headers COOP and COEP)",
      },
  // A message, not a timer: browsers delay nested timers by 4 ms.
  macrotask: () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener("message", () => {
        port1.close();
        resolve();
      });
      port1.start();
      port2.postMessage(undefined);
    }),
};
