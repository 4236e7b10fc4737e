import { sofim } from "sofim";
import { slope } from "../statistics.js";
import { lenetOnEngine } from "./lenet-contestants.js";
import type { LeNetProblem } from "./lenet-problem.js";

export interface MemoryOptions {
  readonly steps: number;
  /** Steps between two samples. */
  readonly every: number;
  /** Samples up to this step are shown, not fitted: pools and compilers are still growing. */
  readonly settle: number;
  readonly threads: number;
  readonly onSample?: (step: number) => void;
}

export interface MemorySample {
  readonly step: number;
  /** Resident set of the process. */
  readonly residentBytes: number;
}

export interface MemoryReport {
  readonly suite: "memory";
  readonly samples: readonly MemorySample[];
  /** Slope of the least-squares line through the samples after `settle`. */
  readonly bytesPerStep: number;
  /** The highest sample after `settle`, less the first of them. */
  readonly growthBytes: number;
}

/** Trains LeNet-5 with SOFIM on the engine and watches the memory of the process. */
export async function runMemorySuite(problem: LeNetProblem, options: MemoryOptions): Promise<MemoryReport> {
  const contestant = lenetOnEngine("memory", problem, sofim(problem.options.sofim), options.threads);
  const samples: MemorySample[] = [];
  try {
    for (let step = options.every; step <= options.steps; step += options.every) {
      await contestant.run(options.every);
      samples.push({ step, residentBytes: process.memoryUsage.rss() });
      options.onSample?.(step);
    }
  } finally {
    await contestant.dispose();
  }
  const settled = samples.filter(({ step }) => step > options.settle);
  const steps = settled.map(({ step }) => step);
  const bytes = settled.map(({ residentBytes }) => residentBytes);
  return {
    suite: "memory",
    samples,
    bytesPerStep: slope(steps, bytes),
    growthBytes: Math.max(...bytes) - bytes[0]!,
  };
}
