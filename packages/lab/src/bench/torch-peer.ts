import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SofimError } from "sofim/core";
import type { BenchProblem } from "./problem.js";
import type { Contestant, Turn } from "./rounds.js";
import { toTorchWeights } from "./torch-weights.js";

const script = fileURLToPath(new URL("../../../../tools/pytorch/bench_step.py", import.meta.url));

/** Interpreters to look for PyTorch in: the user's choice, the first on the path, the system's own. */
const interpreters = [process.env.SOFIM_PYTHON, "python3", "/usr/bin/python3"];

/** An interpreter that imports torch; undefined where none does, and outside of this repository. */
export function findTorch(): string | undefined {
  if (!existsSync(script)) return undefined;
  return interpreters.find(
    (python) => python !== undefined && spawnSync(python, ["-c", "import torch"]).status === 0,
  );
}

export type TorchDevice = "cpu" | "cuda";

/** What PyTorch says of itself. */
export interface TorchInfo {
  readonly version: string;
  readonly threads: number;
  /** The library that multiplies matrices on the CPU. */
  readonly blas: "openblas" | "mkl" | "reference" | "unknown";
  /** The name of the GPU that it can use by CUDA, if there is one. */
  readonly cuda: string | null;
}

type Answer = TorchInfo | Turn;

/** PyTorch in a child process, doing training steps on request and idle otherwise. */
export class TorchPeer {
  readonly info: TorchInfo;
  readonly #ask: (request: unknown) => Promise<Answer>;
  /** Ends the child process. */
  readonly dispose: () => Promise<void>;

  private constructor(
    info: TorchInfo,
    ask: (request: unknown) => Promise<Answer>,
    dispose: () => Promise<void>,
  ) {
    this.info = info;
    this.#ask = ask;
    this.dispose = dispose;
  }

  /** Starts PyTorch on `threads` threads with the very weights and batches of `problem`. */
  static async start(
    python: string,
    problem: BenchProblem,
    threads: number,
    device: TorchDevice = "cpu",
  ): Promise<TorchPeer> {
    const folder = await mkdtemp(join(tmpdir(), "sofim-bench-"));
    const child = spawn(python, [script]);
    const close = async (): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null) {
        child.stdin.end();
        await once(child, "exit");
      }
      await rm(folder, { recursive: true, force: true });
    };
    try {
      const ask = converse(child);
      const first = await ask({ ...(await writeProblem(folder, problem)), threads, device });
      if (!("version" in first) || first.threads !== threads) {
        throw new SofimError(`PyTorch: wanted ${threads} threads, got ${JSON.stringify(first)}`);
      }
      return new TorchPeer(first, ask, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  contestant(name: string, optimizer: "sgd" | "sofim", layout: "contiguous" | "channelsLast"): Contestant {
    let isRenewed = false;
    const run = async (steps: number): Promise<Turn> => {
      const answer = await this.#ask({ optimizer, layout, steps, renew: isRenewed });
      isRenewed = false;
      if (!("milliseconds" in answer)) {
        throw new SofimError(`PyTorch: wanted times, got ${JSON.stringify(answer)}`);
      }
      return answer;
    };
    const renew = async (): Promise<void> => {
      isRenewed = true;
    };
    return { name, run, renew };
  }
}

/** One JSON line to the child, one back; what it wrote to stderr is the reason when it ends instead. */
function converse(child: ChildProcessWithoutNullStreams): (request: unknown) => Promise<Answer> {
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  // A child that ended is noticed by the end of its output; writing to it must not throw elsewhere.
  child.stdin.on("error", () => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await lines.next();
    if (line.done) throw new SofimError(`PyTorch ended: ${complaints.trim() || "no message"}`);
    return JSON.parse(line.value) as Answer;
  };
}

async function writeProblem(folder: string, problem: BenchProblem): Promise<object> {
  const paths = {
    weights: join(folder, "weights.bin"),
    images: join(folder, "images.bin"),
    labels: join(folder, "labels.bin"),
  };
  const { network, model, pool, batchSize, options } = problem;
  const { tensors, data } = await toTorchWeights(problem.initialParams());
  await writeFile(paths.weights, data);
  await writeFile(paths.images, new Uint8Array(pool.images.buffer));
  await writeFile(paths.labels, Uint8Array.from(pool.labels));
  return { ...paths, network, tensors, inputShape: model.inputShape, batchSize, options };
}
