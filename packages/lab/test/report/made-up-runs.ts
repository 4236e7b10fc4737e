import type { Environment, ReportedRun } from "../../src/report/index.js";
import type { Evaluation, TrainResult } from "../../src/train/result.js";
import { scoreTargets } from "../../src/train/score.js";
import { findWorkload } from "../../src/workloads/index.js";

export const madeUpWorkload = findWorkload("glyphs-lenet5");

export const madeUpEnvironment: Environment = {
  cpu: "A processor <x>",
  cores: 2,
  memoryGiB: 8,
  platform: "linux x64",
  versions: { node: "20.0.0", sofim: "0.1.0" },
};

/** A run whose loss falls as exp(-step / halfLife), evaluated every 13 steps. */
export function madeUpRun(title: string, halfLife: number, changes: Partial<TrainResult> = {}): ReportedRun {
  const steps = 312;
  const stepTime = 0.02;
  const losses = Float32Array.from(
    { length: steps },
    (_, i) => 2.3 * Math.exp(-i / halfLife) * (1 + 0.3 * Math.sin(7 * i)) + 0.04,
  );
  const evaluations: Evaluation[] = [];
  for (let step = 13; step <= steps; step += 13) {
    const loss = 2.3 * Math.exp(-step / halfLife) + 0.05;
    evaluations.push({
      step,
      seconds: step * stepTime,
      trainLoss: loss,
      testLoss: loss * 1.1,
      testAccuracy: 1 - 0.4 * loss,
    });
  }
  const last = evaluations.at(-1)!;
  const result: TrainResult = {
    workload: madeUpWorkload.name,
    optimizer: "sofim",
    options: { learningRate: 0.1, schedule: "constant" },
    seed: 1,
    epochs: 4,
    batchSize: 128,
    status: "completed",
    steps,
    trainLoss: last.trainLoss,
    testLoss: last.testLoss,
    testAccuracy: last.testAccuracy,
    seconds: steps * stepTime,
    evalSeconds: 1,
    compileSeconds: 0.5,
    imagesPerSecond: 128 / stepTime,
    device: "cpu",
    threads: 2,
    evaluations,
    losses,
    stepSeconds: Float64Array.from({ length: steps }, (_, i) => (i + 1) * stepTime),
    ...changes,
  };
  return { title, result, scores: scoreTargets(result.evaluations, madeUpWorkload.targets) };
}
