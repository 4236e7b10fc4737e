/** One device: which ONNX Runtime serves it, and with which settings. */
import type { InferenceSession, Tensor } from "onnxruntime-common";
import { InvalidArgumentError } from "../../core/index.js";
import { DeviceUnavailableError } from "../errors.js";
import type { Target } from "../graph.js";
import { encodeModel, type OnnxGraph, type OnnxType, type ValueInfo } from "../model.js";
import type { OnnxRuntime, Platform, RuntimePackage, RuntimeSession } from "../platform/platform.js";
import { certainDevices, type Device } from "./device.js";
import { DeviceSession } from "./device-session.js";
import { withoutGlobalWorker } from "./global-worker.js";

/** ONNX Runtime's name of what runs the graph. */
export type Provider = "CPUExecutionProvider" | "WebGpuExecutionProvider" | "CUDAExecutionProvider";

/**
 * Where results are: kept in memory of the device's own until they are read, computed in JavaScript's memory directly, or
 * copied to it by ONNX Runtime's package.
 */
export type Results = "kept" | "direct" | "copied";

type Opener = (graph: OnnxGraph, threads: number, results: Results) => Promise<RuntimeSession>;

export interface BackendSettings {
  readonly device: Device;
  readonly provider: Provider;
  /** Whether results stay in memory of the device's own until they are read. */
  readonly keepsResults: boolean;
}

/** What of ONNX Runtime's element types can lie in a WebGPU buffer and means the same there. */
const inBuffers: ReadonlySet<OnnxType> = new Set(["float32", "int32", "uint32"]);

/**
 * In its preferred order, NHWC, ONNX Runtime 1.30 convolves wrongly where channels are neither 3 or fewer nor a
 * multiple of 4 (its issue 29651).
 */
const webgpu = { name: "webgpu", preferredLayout: "NCHW" } as const;

export class Backend {
  readonly device: Device;
  readonly provider: Provider;
  #results: Results;
  readonly #platform: Platform;
  readonly #package: RuntimePackage | undefined;
  readonly #readers = new Map<string, Promise<DeviceSession>>();
  #started: Promise<Opener> | undefined;
  /** Of all sessions, where they share them. */
  #sharedThreads: number | undefined;

  constructor({ device, provider, keepsResults }: BackendSettings, platform: Platform) {
    this.device = device;
    this.provider = provider;
    this.#platform = platform;
    this.#package = platform.packages[device];
    const isDirect = device === "cpu" && this.#package?.loadDirect !== undefined;
    this.#results = keepsResults ? "kept" : isDirect ? "direct" : "copied";
  }

  /** The form of graphs that is best for it. */
  get target(): Target {
    return this.device === "cpu" || this.device === "wasm" ? this.device : "gpu";
  }

  /** Known for sure once a session is open. */
  get results(): Results {
    return this.#results;
  }

  /** @throws DeviceUnavailableError if that is known without trying */
  assertInstalled(): void {
    if (this.#package === undefined) throw this.#unavailable(`${this.#platform.name} does not have it`);
    const { name } = this.#package;
    if (!this.#package.isInstalled()) throw this.#unavailable(`it needs a package (npm install ${name})`);
  }

  #unavailable(reason: string, cause?: unknown): DeviceUnavailableError {
    return new DeviceUnavailableError(this.device, certainDevices(this.#platform), reason, { cause });
  }

  /**
   * The number of threads of a session that is asked for with `asked` (undefined: no wish).
   *
   * @throws InvalidArgumentError if so many cannot be had
   */
  threads(asked: number | undefined): number {
    const { most, byDefault, reason } = this.#platform.threads;
    if (asked !== undefined && (!Number.isInteger(asked) || asked < 1)) {
      throw new InvalidArgumentError("threads", asked, "a whole number of at least 1");
    }
    if (asked !== undefined && asked > most) {
      throw new InvalidArgumentError("threads", asked, `at most ${most}: ${reason}`);
    }
    if (this.#package?.kind !== "web") return asked ?? byDefault;
    this.#sharedThreads ??= asked ?? byDefault;
    if (asked !== undefined && asked !== this.#sharedThreads) {
      const wanted = `${this.#sharedThreads}, as before: all functions on "${this.device}" share their threads`;
      throw new InvalidArgumentError("threads", asked, wanted);
    }
    return this.#sharedThreads;
  }

  /** @throws DeviceUnavailableError if the device turns out not to be there */
  async open(graph: OnnxGraph, threads: number): Promise<DeviceSession> {
    this.#started ??= this.#start(threads);
    const open = await this.#started;
    return new DeviceSession(await open(graph, threads, this.results), this.#beforeRun);
  }

  /** Lets timers through where the session itself does not. */
  readonly #beforeRun = async (): Promise<void> => {
    if (this.#package?.kind === "web" || this.results === "direct") await this.#platform.macrotask();
  };

  /**
   * A copy in JavaScript's memory of a tensor in the device's own, by way of a graph that does nothing else:
   * the tensor's own `getData` ends the process in onnxruntime-node 1.30.
   */
  async read(tensor: Tensor): Promise<Tensor> {
    const key = `${tensor.type}[${tensor.dims}]`;
    const reader = this.#readers.get(key) ?? this.#openReader(tensor);
    this.#readers.set(key, reader);
    return (await (await reader).run({ x: tensor })).y!;
  }

  async #openReader({ type, dims }: Tensor): Promise<DeviceSession> {
    const open = await this.#started!;
    const session = await open(identity({ type: type as OnnxType, dims }), 1, "copied");
    return new DeviceSession(session, this.#beforeRun);
  }

  /** Loads the package and tries it on a small graph, so that a failure is the device's and not a function's. */
  async #start(threads: number): Promise<Opener> {
    try {
      const open = await this.#load(threads);
      const trial = identity({ type: "float32", dims: [1] });
      const session = await withoutGlobalWorker(() => open(trial, threads, this.results));
      await session.release();
      return open;
    } catch (cause) {
      if (cause instanceof InvalidArgumentError) throw cause;
      throw this.#unavailable(String(cause).trim(), cause);
    }
  }

  async #load(threads: number): Promise<Opener> {
    const direct = this.results === "direct" ? await this.#loadDirect() : undefined;
    if (direct !== undefined) return direct;
    const runtime = await this.#package!.load();
    if (this.#package?.kind === "web") setSharedThreads(runtime, threads);
    return (graph, count, results) => {
      const options = this.#options(count);
      if (results === "kept") options.preferredOutputLocation = locations(graph);
      return runtime.InferenceSession.create(encodeModel(graph), options);
    };
  }

  /** Undefined where koffi cannot do it after all: its binary is a package of its own, and the library's file may move. */
  async #loadDirect(): Promise<Opener | undefined> {
    try {
      const open = await this.#package!.loadDirect!();
      return async (graph, threads) => open(graph, threads);
    } catch {
      this.#results = "copied";
      return undefined;
    }
  }

  #options(threads: number): InferenceSession.SessionOptions {
    const common = {
      executionProviders: [this.device === "webgpu" ? webgpu : this.device],
      executionMode: "sequential",
      logSeverityLevel: 3,
    } as const;
    if (this.#package?.kind === "web") return common;
    return { ...common, intraOpNumThreads: threads, interOpNumThreads: 1 };
  }
}

function setSharedThreads({ env }: OnnxRuntime, threads: number): void {
  const { numThreads } = env.wasm;
  if (numThreads !== undefined && numThreads > 0 && numThreads !== threads) {
    const wanted = `${numThreads}, to which env.wasm.numThreads of onnxruntime-web is set already`;
    throw new InvalidArgumentError("threads", threads, wanted);
  }
  env.wasm.numThreads = threads;
}

function locations({ outputs }: OnnxGraph): Record<string, "gpu-buffer" | "cpu"> {
  const entries = outputs.map(
    ({ name, type }) => [name, inBuffers.has(type) ? "gpu-buffer" : "cpu"] as const,
  );
  return Object.fromEntries(entries);
}

function identity(value: Omit<ValueInfo, "name">): OnnxGraph {
  return {
    nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"], attributes: {} }],
    inputs: [{ name: "x", ...value }],
    outputs: [{ name: "y", ...value }],
    initializers: [],
  };
}
