/** ONNX Runtime's C interface, called by koffi in the very library that onnxruntime-node brings. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { LibraryHandle } from "koffi";
import { EngineError } from "../errors.js";

const require = createRequire(import.meta.url);

/**
 * The functions that are used, with their places in the table `OrtApi` of onnxruntime_c_api.h, which only ever grows at its
 * end. Most return a status, null for success. (Koffi would keep names of types for all of the process.)
 */
const signatures = {
  getErrorMessage: [2, "const char *(void *status)"],
  createEnv: [3, "void *(int severity, const char *id, _Out_ void **env)"],
  createSession: [8, "void *(void *env, void *model, size_t n, void *options, _Out_ void **session)"],
  run: [9, "void *(void *session, void *options, void *, void *, size_t, void *, size_t, void *)"],
  createSessionOptions: [10, "void *(_Out_ void **options)"],
  setLogSeverity: [22, "void *(void *options, int severity)"],
  setThreads: [24, "void *(void *options, int threads)"],
  createTensor: [49, "void *(void *memory, void *data, size_t n, void *, size_t, int type, void *)"],
  createCpuMemoryInfo: [69, "void *(int allocator, int type, _Out_ void **memory)"],
  releaseStatus: [93, "void (void *status)"],
  releaseSession: [95, "void (void *session)"],
  releaseValue: [96, "void (uint64_t value)"],
  releaseSessionOptions: [100, "void (void *options)"],
} as const;

type FunctionName = keyof typeof signatures;
type CFunction = ReturnType<LibraryHandle["func"]>;

/** All of the functions are there since the first version. */
const API_VERSION = 1;
export const ERRORS_ONLY = 3;

/** What a function made, for others to take. */
export type Handle = unknown;

export class CApi {
  /** Kept, because koffi unloads a library that nobody refers to. */
  readonly library: LibraryHandle;
  readonly functions: Readonly<Record<FunctionName, CFunction>>;
  readonly env: Handle;
  /** "In the memory of the CPU". */
  readonly memory: Handle;
  readonly #addressOf: (buffer: Uint8Array) => bigint;

  private constructor(koffi: typeof import("koffi"), library: LibraryHandle) {
    this.library = library;
    this.functions = findFunctions(koffi, library);
    this.#addressOf = koffi.address;
    this.env = this.make("createEnv", ERRORS_ONLY, "sofim");
    this.memory = this.make("createCpuMemoryInfo", 0, 0);
  }

  static async load(): Promise<CApi> {
    const koffi = await import("koffi");
    return new CApi(koffi, koffi.load(libraryPath()));
  }

  /** @throws EngineError with what a failure says */
  check(status: Handle): void {
    if (status === null) return;
    const message: string = this.functions.getErrorMessage(status);
    this.functions.releaseStatus(status);
    throw new EngineError(`ONNX Runtime: ${message}`);
  }

  /** Calls a function, and returns what it hands over by its last argument. */
  make(name: FunctionName, ...args: unknown[]): Handle {
    const out = [null];
    this.check(this.functions[name](...args, out));
    return out[0];
  }

  /** Zero-terminated texts as an array of pointers, together with what these point to. */
  texts(list: readonly string[]): {
    readonly pointers: BigUint64Array;
    readonly kept: readonly Uint8Array[];
  } {
    const kept = list.map((text) => Buffer.from(`${text}\0`));
    return { pointers: BigUint64Array.from(kept, this.#addressOf), kept };
  }
}

function findFunctions(
  koffi: typeof import("koffi"),
  library: LibraryHandle,
): Readonly<Record<FunctionName, CFunction>> {
  const [getApi] = koffi.decode(library.func("void *OrtGetApiBase()")(), "void *", 1);
  const api = koffi.call(getApi, koffi.proto("void *(uint32_t version)"), API_VERSION);
  const size = 1 + Math.max(...Object.values(signatures).map(([place]) => place));
  const table = koffi.decode(api, "void *", size);
  const entries = Object.entries(signatures).map(([name, [place, signature]]) => {
    return [name, koffi.decode(table[place], koffi.proto(signature))];
  });
  return Object.fromEntries(entries);
}

function libraryPath(): string {
  const root = join(dirname(require.resolve("onnxruntime-node")), "..");
  return join(root, "bin", "napi-v6", process.platform, process.arch, "libonnxruntime.so.1");
}
