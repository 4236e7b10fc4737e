import { type ChildProcess, fork } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { SofimError } from "sofim/core";
import { checkDataset } from "../data/index.js";
import { findWorkload } from "../workloads/workloads.js";
import { takeLock } from "./lock.js";
import { RunPlan, type RunSpec } from "./plan.js";
import type { Protocol } from "./protocol.js";
import { type Results, ResultsFileError, ResultsWriter, readResults } from "./results-file.js";
import { parseRunLine, type RunLine } from "./run-line.js";
import { TimeLeft } from "./time-left.js";

export interface SuiteProgress {
  readonly done: number;
  readonly total: number;
  /** NaN until a run has ended. */
  readonly secondsLeft: number;
  readonly last: RunLine | undefined;
}

export interface SuiteOptions {
  readonly protocol: Protocol;
  /** Folder of the results file, made if it is not there. */
  readonly out: string;
  /** Processes that make runs side by side. */
  readonly jobs: number;
  readonly dataDir?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: SuiteProgress) => void;
  /** Is told what a reader should know of the file that the suite goes on with. */
  readonly onNotice?: (notice: string) => void;
}

/** A run whose process ended before it. */
export class RunFailedError extends SofimError {
  override readonly name = "RunFailedError";

  constructor(id: string, exit: string) {
    super(`run ${id} failed: its process ${exit}; what it said is above. Runs that had ended are kept.`);
  }
}

/** The results file of a protocol in a folder. */
export function resultsPath(out: string, name: string): string {
  return join(out, `${name}.jsonl`);
}

/**
 * Checks, before any run is made, that the results file can be gone on with and that the data of all runs that it does
 * not have yet is there; without, a suite would end where it first comes to them. Writes nothing.
 *
 * @throws ResultsFileError as `runSuite`; DataError if a data file is missing or cannot be read
 */
export async function checkSuite(options: Pick<SuiteOptions, "protocol" | "out" | "dataDir">): Promise<void> {
  const plan = new RunPlan(options.protocol, readFinished(options)?.runs ?? []);
  const left = plan.remaining().filter(({ count }) => count > 0);
  const datasets = new Set(left.map(({ workload }) => findWorkload(workload).dataset));
  for (const name of datasets) await checkDataset(name, options.dataDir);
}

/**
 * Makes the runs of a protocol that its results file does not have yet, `jobs` at a time, and writes each as it ends.
 * Killed at any moment, it loses the runs in progress; called again, it goes on.
 *
 * @returns "complete", or "aborted" if the signal ended it
 * @throws InvalidArgumentError if another process is at work in the folder; ResultsFileError if the file was made under
 * another protocol or is damaged; RunFailedError
 */
export async function runSuite(options: SuiteOptions): Promise<"complete" | "aborted"> {
  const { protocol, out, signal } = options;
  mkdirSync(out, { recursive: true });
  const unlock = takeLock(join(out, `.${protocol.name}.lock`), "--out");
  try {
    const { finished, writer } = openFile(options);
    const plan = new RunPlan(protocol, finished);
    try {
      await makeRuns(plan, writer, options);
    } finally {
      writer.close();
    }
    return signal?.aborted ? "aborted" : "complete";
  } finally {
    unlock();
  }
}

function openFile(options: SuiteOptions) {
  const { protocol, out, onNotice } = options;
  const path = resultsPath(out, protocol.name);
  const results = readFinished(options);
  if (results === undefined) return { finished: [], writer: ResultsWriter.create(path, protocol) };
  if (results.cutOff) onNotice?.(`${path}: the last line was cut off; its run will be made again`);
  return { finished: results.runs, writer: ResultsWriter.goOn(path, results) };
}

/** The results file that a suite goes on with, or undefined if it begins one. */
function readFinished({ protocol, out }: Pick<SuiteOptions, "protocol" | "out">): Results | undefined {
  const path = resultsPath(out, protocol.name);
  if (!existsSync(path)) return undefined;
  const results = readResults(path);
  if (!isDeepStrictEqual(results.protocol, JSON.parse(JSON.stringify(protocol)))) {
    throw new ResultsFileError(path, "was made under another protocol; move it away or give another --out");
  }
  return results;
}

/** Resolves when no run is left to make or the signal was aborted; rejects when one failed. */
async function makeRuns(plan: RunPlan, writer: ResultsWriter, options: SuiteOptions): Promise<void> {
  const { jobs, dataDir, signal, onProgress } = options;
  const time = new TimeLeft(jobs);
  const report = (last?: RunLine) =>
    onProgress?.({ done: plan.done, total: plan.total - plan.skipped, secondsLeft: time.left(plan), last });
  report();
  const idle = new Set<Job>();
  const all: Job[] = [];
  await new Promise<void>((resolve, reject) => {
    const give = (job: Job): void => {
      const spec = signal?.aborted ? undefined : plan.take();
      if (spec === undefined) idle.add(job);
      else job.start(spec);
      if (idle.size === all.length) resolve();
    };
    const finish = (job: Job, line: RunLine): void => {
      writer.append(line);
      plan.finish(line);
      time.add(line, job.secondsSinceStart());
      report(line);
      give(job);
      // The last trial of a method opens its reporting runs to the jobs that had found nothing to do.
      for (const waiting of [...idle]) {
        idle.delete(waiting);
        give(waiting);
      }
    };
    for (let i = 0; i < jobs; i++) all.push(new Job(dataDir, finish, reject));
    for (const job of all) give(job);
    signal?.addEventListener("abort", () => resolve(), { once: true });
  }).finally(() => {
    for (const job of all) job.stop();
  });
}

/** One worker process. */
class Job {
  readonly #process: ChildProcess;
  #run: { readonly id: string; readonly startedAt: number } | undefined;

  constructor(
    dataDir: string | undefined,
    onLine: (job: Job, line: RunLine) => void,
    onFailure: (error: Error) => void,
  ) {
    const args = dataDir === undefined ? [] : [dataDir];
    this.#process = fork(new URL("./worker.js", import.meta.url), args, { serialization: "advanced" });
    this.#process.on("message", (line) => onLine(this, parseRunLine(line)));
    this.#process.on("error", onFailure);
    this.#process.on("exit", (code, signal) => {
      if (this.#run !== undefined)
        onFailure(new RunFailedError(this.#run.id, `ended with ${signal ?? code}`));
    });
  }

  start(spec: RunSpec): void {
    this.#run = { id: spec.id, startedAt: performance.now() };
    this.#process.send(spec);
  }

  secondsSinceStart(): number {
    return (performance.now() - (this.#run?.startedAt ?? Number.NaN)) / 1000;
  }

  stop(): void {
    this.#run = undefined;
    this.#process.kill("SIGKILL");
  }
}
