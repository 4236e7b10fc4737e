/** ONNX Runtime: which one, and with which settings. */
import { availableParallelism } from "node:os";
import type { InferenceSession } from "onnxruntime-common";
import { InvalidArgumentError } from "../core/index.js";
import { EngineError } from "./errors.js";

export type Device = "cpu";

export interface SessionOptions {
  /** Where the function runs: `"cpu"`, ONNX Runtime's native kernels in Node. */
  readonly device?: Device;
  /** Threads that share the work of one operator; 1 or more. Default: as many as the process may use. */
  readonly threads?: number;
}

export interface ResolvedOptions {
  readonly device: Device;
  readonly threads: number;
}

export function resolveOptions({
  device = "cpu",
  threads = availableParallelism(),
}: SessionOptions): ResolvedOptions {
  if (device !== "cpu") throw new InvalidArgumentError("device", device, `"cpu"`);
  if (!Number.isInteger(threads) || threads < 1) {
    throw new InvalidArgumentError("threads", threads, "a whole number of at least 1");
  }
  return { device, threads };
}

export async function createSession(model: Uint8Array, options: ResolvedOptions): Promise<InferenceSession> {
  const { InferenceSession } = await loadRuntime();
  return InferenceSession.create(model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  });
}

/** The runtime is an optional peer: it is looked for when a function first runs, not when we are imported. */
async function loadRuntime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new EngineError(`device "cpu" needs the package onnxruntime-node: npm install onnxruntime-node`, {
      cause,
    });
  }
}
