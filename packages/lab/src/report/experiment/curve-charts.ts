import type { TopLevelSpec } from "vega-lite";
import type { MethodName } from "../../experiment/methods.js";
import type { Protocol } from "../../experiment/protocol.js";
import { type Metric, metrics, type WorkloadScore } from "../../experiment/score/index.js";
import { findWorkload } from "../../workloads/workloads.js";
import { chartConfig } from "../chart-style.js";
import { accuracyFloor } from "../charts.js";
import { drawInline } from "../svg.js";
import { type BandPoint, curveBand } from "./curve-bands.js";
import type { Figure } from "./document.js";
import { methodTitle, metricTitles } from "./format.js";
import { byMethod } from "./series.js";

type Progress = "epochs" | "seconds";

const progressTitles: Readonly<Record<Progress, string>> = {
  epochs: "epochs",
  seconds: "CPU seconds of training",
};

type NamedPoint = BandPoint & { readonly method: string };

/** Every metric of the methods in `names` against epochs and against seconds; none if no run is there. */
export async function drawCurves(
  protocol: Protocol,
  workload: WorkloadScore,
  names: readonly MethodName[],
  name: string,
): Promise<Figure[]> {
  const charts = metrics.flatMap((metric) => {
    const points = pointsOf(protocol, workload, names, metric);
    const progresses = points.length === 0 ? [] : (["epochs", "seconds"] as const);
    return progresses.map((progress) => ({ metric, progress, points }));
  });
  return Promise.all(
    charts.map(async ({ metric, progress, points }) => ({
      caption: `${metricTitles[metric]} against ${progressTitles[progress]}`,
      svg: await drawInline(
        chartSpec(points, metric, progress, workload, byMethod(protocol, names)),
        `${name}-${workload.budget.workload}-${metric}-${progress}`,
      ),
    })),
  );
}

/** The subject's points come last: what is drawn last lies on top. */
function pointsOf(
  { subject }: Protocol,
  { methods }: WorkloadScore,
  names: readonly MethodName[],
  metric: Metric,
): NamedPoint[] {
  const order = [...names.filter((name) => name !== subject), ...names.filter((name) => name === subject)];
  return order.flatMap((name) => {
    const score = methods.find(({ method }) => method === name);
    if (score === undefined || score.reporting.length === 0) return [];
    return curveBand(score, metric)
      .filter(({ value }) => Number.isFinite(value))
      .map((point) => ({ ...point, method: methodTitle(name) }));
  });
}

function chartSpec(
  points: readonly NamedPoint[],
  metric: Metric,
  progress: Progress,
  { budget, targets }: WorkloadScore,
  series: ReturnType<typeof byMethod>,
): TopLevelSpec {
  const target = targets?.[metric];
  const [floor, ceiling] = valueDomain(points, metric, budget.workload, target);
  const y = {
    type: "quantitative" as const,
    title: null,
    scale: {
      type: metric === "testAccuracy" ? ("linear" as const) : ("log" as const),
      domain: [floor, ceiling],
      nice: false,
    },
    axis: { tickCount: 6, format: metric === "testAccuracy" ? "~%" : "~g" },
  };
  const x = {
    field: progress,
    type: "quantitative" as const,
    title: progressTitles[progress],
    scale: { domainMin: 0, nice: false },
    axis: { tickCount: 6 },
  };
  const clipped = points.map((point) => ({
    ...point,
    low: Math.max(point.low, floor),
    high: Math.min(point.high, ceiling),
  }));
  return {
    width: 380,
    height: 220,
    background: "transparent",
    padding: 4,
    layer: [
      {
        data: { values: target === undefined ? [] : [{ value: target }] },
        mark: { type: "rule", color: "currentColor", opacity: 0.7, strokeDash: [4, 4] },
        encoding: { y: { ...y, field: "value" } },
      },
      {
        data: { values: clipped },
        mark: { type: "area", clip: true, opacity: 0.13 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: series.color },
      },
      {
        data: { values: clipped },
        mark: { type: "line", clip: true },
        encoding: { x, y: { ...y, field: "value" }, ...series },
      },
    ],
    config: chartConfig,
  };
}

/** From the best value to the worst, but no worse than a little beyond guessing: what lies there is cut off. */
function valueDomain(
  points: readonly NamedPoint[],
  metric: Metric,
  workload: string,
  target: number | undefined,
): [number, number] {
  const values = points.map(({ value }) => value);
  const known = target === undefined ? values : [...values, target];
  if (metric === "testAccuracy") {
    const floor = accuracyFloor(target ?? Math.max(...values), points);
    return [floor, Math.max(...points.map(({ high }) => high), ...known)];
  }
  const guessing = 1.1 * Math.log(findWorkload(workload).model.classes);
  const least = Math.min(...points.map(({ low }) => low), ...known);
  return [least, Math.max(1.1 * least, Math.min(guessing, Math.max(...known)))];
}
