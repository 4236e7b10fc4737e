import type { TopLevelSpec } from "vega-lite";
import { chartConfig, type SeriesStyle, seriesStyle } from "./chart-style.js";
import { type CurvePoint, curvePoints, type Metric, smoothingSteps } from "./curves.js";
import type { ReportedRun } from "./run.js";
import { drawInline } from "./svg.js";

/** What the horizontal axis counts. */
export type Progress = "step" | "seconds";

const metricTitles: Readonly<Record<Metric, string>> = {
  trainLoss: `train loss (mean of ${smoothingSteps} batches)`,
  testLoss: "test loss",
  testAccuracy: "test accuracy",
};

const progressTitles: Readonly<Record<Progress, string>> = { step: "steps", seconds: "seconds of training" };

/** A chart's name, for its caption. */
export function chartTitle(metric: Metric, progress: Progress): string {
  return `${metricTitles[metric]} against ${progressTitles[progress]}`;
}

/**
 * Draws one metric of all runs against steps or seconds, with the target as a thin line.
 *
 * @returns an `<svg>` element without scripts or outside references; its axes take the text colour of the page
 */
export function renderChart(
  runs: readonly ReportedRun[],
  metric: Metric,
  progress: Progress,
  target: number,
): Promise<string> {
  return drawInline(chartSpec(runs, metric, progress, target), `${metric}-${progress}`);
}

function chartSpec(
  runs: readonly ReportedRun[],
  metric: Metric,
  progress: Progress,
  target: number,
): TopLevelSpec {
  const points = curvePoints(runs, metric);
  const titles = runs.map(({ title }) => title);
  const y = valueEncoding(points, metric, target);
  return {
    width: 380,
    height: 220,
    background: "transparent",
    padding: 4,
    layer: [
      {
        data: { values: [{ value: target }] },
        mark: { type: "rule", color: "currentColor", opacity: 0.7, strokeDash: [4, 4] },
        encoding: { y },
      },
      {
        data: { values: points },
        // Dots show where a curve was measured; the train loss was measured at every step.
        mark: { type: "line", clip: true, strokeWidth: 2, point: metric !== "trainLoss" && { size: 18 } },
        encoding: {
          x: {
            field: progress,
            type: "quantitative",
            title: progressTitles[progress],
            scale: { domainMin: 0, nice: false },
            axis: { tickCount: 6 },
          },
          y,
          color: byTitle(titles, (style) => style.color),
          strokeDash: byTitle(titles, (style) => [...style.dash]),
        },
      },
    ],
    config: chartConfig,
  };
}

function valueEncoding(points: readonly CurvePoint[], metric: Metric, target: number) {
  const isLoss = metric !== "testAccuracy";
  const scale = isLoss
    ? { type: "log" as const, nice: false }
    : { domain: accuracyDomain(points, target), nice: false };
  const axis = { tickCount: 6, format: isLoss ? "~g" : "~%" };
  return { field: "value", type: "quantitative" as const, title: null, scale, axis };
}

function accuracyDomain(points: readonly CurvePoint[], target: number): [number, number] {
  return [accuracyFloor(target, points), 1];
}

/** The worst value, or ten times the target's error if that is better, so that the end is not squeezed. */
export function accuracyFloor(target: number, points: readonly { readonly value: number }[]): number {
  const worst = Math.min(target, ...points.map(({ value }) => value));
  return Math.max(worst, 1 - 10 * (1 - target));
}

function byTitle<T>(titles: readonly string[], value: (style: SeriesStyle) => T) {
  const range = titles.map((_, index) => value(seriesStyle(index)));
  return {
    field: "optimizer",
    type: "nominal" as const,
    scale: { domain: [...titles], range },
    legend: null,
  };
}
