import { type MethodScore, type Metric, valuesOf, worstValues } from "../../experiment/score/index.js";
import { median, quantile } from "../../statistics.js";

/** A point of a method's curve: the median over its reporting seeds, between the quartiles. */
export interface BandPoint {
  readonly epochs: number;
  /** Median CPU seconds of the runs that came there. */
  readonly seconds: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The curve of one metric over a method's reporting runs. A run that has diverged counts as the worst there is. */
export function curveBand({ reporting }: MethodScore, metric: Metric): BandPoint[] {
  const steps = [...new Set(reporting.flatMap(({ evaluations }) => evaluations.map(({ step }) => step)))];
  return steps
    .sort((a, b) => a - b)
    .map((step) => {
      const there = reporting.map(({ evaluations }) =>
        evaluations.find((evaluation) => evaluation.step === step),
      );
      const values = Float64Array.from(
        there.map((evaluation) => (evaluation ? valuesOf(evaluation) : worstValues)[metric]),
      ).sort();
      return {
        epochs: step / reporting[0]!.stepsPerEpoch,
        seconds: median(there.flatMap((evaluation) => evaluation?.seconds ?? [])),
        value: quantile(values, 0.5),
        low: quantile(values, 0.25),
        high: quantile(values, 0.75),
      };
    });
}
