import { sofim } from "sofim";
import { slope } from "../statistics.js";
import { stepsOnEngine } from "./contestants.js";
import type { BenchProblem } from "./problem.js";

export interface MemoryOptions {
  readonly steps: number;
  /** Steps between two samples, before each of which the state is read back to the host. */
  readonly every: number;
  /** Samples up to this step are shown, not fitted: pools and compilers are still growing. */
  readonly settleSteps: number;
  /** Sessions made, run and disposed of one after another. */
  readonly cycles: number;
  readonly stepsPerCycle: number;
  readonly settleCycles: number;
  readonly threads: number;
  readonly onSample?: (part: string, count: number) => void;
}

/** Memory after so many steps or cycles. */
export interface MemorySample {
  readonly count: number;
  /** Resident set of the process. */
  readonly residentBytes: number;
}

/** Resident memory over steps or cycles. */
export interface MemoryTrace {
  readonly samples: readonly MemorySample[];
  /** Up to this count the process settles. */
  readonly settled: number;
  /** Slope of the least-squares line through the samples after `settled`. */
  readonly bytesPerCount: number;
  /** The highest sample after `settled`, less the first of them. */
  readonly growthBytes: number;
}

export interface MemoryReport {
  readonly suite: "memory";
  readonly threads: number;
  /** Bytes of weights and optimizer state, read back before each sample of `steps`. */
  readonly stateBytes: number;
  /** One session in training. */
  readonly steps: MemoryTrace;
  /** Sessions made, stepped and disposed of. */
  readonly cycles: MemoryTrace;
}

/**
 * Watches the memory of the process, as the operating system counts it, while SOFIM trains on the engine: over many
 * steps of one session whose state is read back to the host time and again, and over many short sessions.
 *
 * Nothing asks for a garbage collection, since no program in production does: a sample is all that the process holds,
 * garbage that V8 has not yet seen a reason to collect included. So single samples go up and down by some megabytes;
 * a leak shows as a slope. Tensors lie outside of V8's heap and are freed with the objects that hold them: were V8 slow
 * to notice their weight, that would show here too, and should.
 */
export async function runMemorySuite(problem: BenchProblem, options: MemoryOptions): Promise<MemoryReport> {
  const { stateBytes, steps } = await watchSteps(problem, options);
  return {
    suite: "memory",
    threads: options.threads,
    stateBytes,
    steps,
    cycles: await watchCycles(problem, options),
  };
}

async function watchSteps(problem: BenchProblem, options: MemoryOptions) {
  const contestant = stepsOnEngine("memory", problem, sofim(problem.options.sofim), options.threads);
  const samples: MemorySample[] = [];
  let stateBytes = 0;
  try {
    for (let count = options.every; count <= options.steps; count += options.every) {
      await contestant.run(options.every);
      stateBytes = await contestant.readState();
      samples.push(sample(count));
      options.onSample?.("memory, steps", count);
    }
  } finally {
    await contestant.dispose();
  }
  return { stateBytes, steps: fit(samples, options.settleSteps) };
}

async function watchCycles(problem: BenchProblem, options: MemoryOptions): Promise<MemoryTrace> {
  const samples: MemorySample[] = [];
  for (let count = 1; count <= options.cycles; count++) {
    const contestant = stepsOnEngine("memory", problem, sofim(problem.options.sofim), options.threads);
    try {
      await contestant.run(options.stepsPerCycle);
    } finally {
      await contestant.dispose();
    }
    samples.push(sample(count));
    options.onSample?.("memory, sessions", count);
  }
  return fit(samples, options.settleCycles);
}

function sample(count: number): MemorySample {
  return { count, residentBytes: process.memoryUsage.rss() };
}

function fit(samples: readonly MemorySample[], settled: number): MemoryTrace {
  const fitted = samples.filter(({ count }) => count > settled);
  const bytes = fitted.map(({ residentBytes }) => residentBytes);
  return {
    samples,
    settled,
    bytesPerCount: slope(
      fitted.map(({ count }) => count),
      bytes,
    ),
    growthBytes: Math.max(...bytes) - bytes[0]!,
  };
}
