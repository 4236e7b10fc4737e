/** Keeps jax-js and onnxruntime-web apart, which meet in a global variable. */

/**
 * Runs `load`, and sees to it that nobody else sees a global `Worker` which `load` defines.
 *
 * In Node, onnxruntime-web's WebAssembly module assigns `worker_threads.Worker` to `globalThis.Worker` and
 * starts its threads in the same breath. jax-js asks for that variable whenever it compiles a kernel, and
 * takes its presence for a browser's: its kernels then want shared memory, which the memory that it made
 * before is not (`LinkError: memory import 0 has no maximum limit`), or they run in workers, which Node cannot
 * start in the browser's way. So an assigned `Worker` lasts until the code that assigned it returns.
 */
export async function withoutGlobalWorker<T>(load: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  if (before !== undefined) return load(); // a browser, or someone's choice: jax-js has seen it all along
  let assigned: unknown;
  Object.defineProperty(globalThis, "Worker", {
    configurable: true,
    get: () => assigned,
    set: (value: unknown) => {
      assigned = value;
      queueMicrotask(() => {
        assigned = undefined;
      });
    },
  });
  try {
    return await load();
  } finally {
    Reflect.deleteProperty(globalThis, "Worker");
  }
}
