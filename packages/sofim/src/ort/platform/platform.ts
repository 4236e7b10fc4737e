/** What the engine needs to know of the place where it runs; one implementation per place. */
import type { env, InferenceSession, Tensor } from "onnxruntime-common";
import type { Device } from "../devices/device.js";
import type { OnnxGraph } from "../model.js";

export type Tensors = Readonly<Record<string, Tensor>>;

/** A graph that ONNX Runtime has prepared; packages' own sessions are such. */
export interface RuntimeSession {
  /** Tensors by the names of the graph's inputs, and of its outputs. */
  run(feeds: Tensors): Promise<Tensors>;
  /** As `run`, with the outputs named in `places` computed there, where feeds may lie that they replace. */
  runInto?(feeds: Tensors, places: ReadonlyMap<string, Tensor>): Promise<Tensors>;
  /** Takes a result that nobody will read: its memory may serve for a later one. */
  recycle?(tensor: Tensor): void;
  release(): Promise<void>;
}

/** The part of an ONNX Runtime package that the engine uses. */
export interface OnnxRuntime {
  readonly InferenceSession: { create: typeof InferenceSession.create };
  readonly env: typeof env;
}

export interface RuntimePackage {
  /** As `npm install` takes it. */
  readonly name: string;
  /**
   * The web's package has one pool of threads for all sessions, whose size is fixed when the first one
   * starts, and computes before it returns to its caller; the native one has neither habit.
   */
  readonly kind: "native" | "web";
  isInstalled(): boolean;
  load(): Promise<OnnxRuntime>;
  /**
   * A way around the package's copies of results, where there is one: sessions on the CPU that compute into JavaScript's
   * memory.
   */
  readonly loadDirect?: () => Promise<(graph: OnnxGraph, threads: number) => RuntimeSession>;
}

export interface Platform {
  readonly name: string;
  /** Which package serves a device; none where the device cannot be had. */
  readonly packages: { readonly [D in Device]?: RuntimePackage };
  /** Most threads that a session may use here, with the reason if it is a limit of the place. */
  readonly threads: { readonly most: number; readonly byDefault: number; readonly reason?: string };
  /** Lets timers and events through. */
  macrotask(): Promise<void>;
}
