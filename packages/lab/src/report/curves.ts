import type { ReportedRun } from "./run.js";

/** What a chart shows. */
export type Metric = "trainLoss" | "testLoss" | "testAccuracy";

/** One point of a curve. */
export interface CurvePoint {
  readonly optimizer: string;
  readonly step: number;
  readonly seconds: number;
  readonly value: number;
}

/** Batches that the train-loss curve averages over. */
export const smoothingSteps = 20;

/** The curve of one metric for every run; points that are not finite are left out. */
export function curvePoints(runs: readonly ReportedRun[], metric: Metric): CurvePoint[] {
  return runs.flatMap(({ title, result }) => {
    const points =
      metric === "trainLoss"
        ? trailingMean(result.losses, smoothingSteps).map((value, i) => ({
            optimizer: title,
            step: i + 1,
            seconds: result.stepSeconds[i]!,
            value,
          }))
        : result.evaluations.map((evaluation) => ({
            optimizer: title,
            step: evaluation.step,
            seconds: evaluation.seconds,
            value: evaluation[metric],
          }));
    return points.filter(({ value }) => Number.isFinite(value));
  });
}

/** Mean of each value and the up to `window - 1` values before it. */
export function trailingMean(values: ArrayLike<number>, window: number): number[] {
  return Array.from(values, (_, i) => {
    const start = Math.max(0, i - window + 1);
    let sum = 0;
    // Summed anew each time: a running sum would keep an infinite loss for ever.
    for (let k = start; k <= i; k++) sum += values[k]!;
    return sum / (i - start + 1);
  });
}
