import type { TopLevelSpec } from "vega-lite";
import { methods } from "../../experiment/methods.js";
import { methodsOf } from "../../experiment/protocol.js";
import { metrics, type Scores, type WorkloadScore } from "../../experiment/score/index.js";
import { chartConfig } from "../chart-style.js";
import type { LegendEntry } from "../legend.js";
import { drawFile, drawInline } from "../svg.js";
import type { Figure } from "./document.js";
import { methodTitle, metricTitles, workloadTitle } from "./format.js";

type Cost = "steps" | "seconds";

const costs = ["steps", "seconds"] as const;
const metricColors = ["#1a84c7", "#9a7d0a", "#d55e00"];
const titles = metrics.map((metric) => metricTitles[metric]);
const paper = { ink: "#1b1d21", back: "#ffffff" };

/** The colours of the targets in these charts. */
export const ratioLegend: readonly LegendEntry[] = titles.map((title, i) => ({
  title,
  style: { color: metricColors[i]!, dash: [] },
}));

/** For every workload and cost, what each rival needs relative to the subject. */
export async function drawRatios(scores: Scores): Promise<Figure[]> {
  const subject = methodTitle(scores.protocol.subject);
  const domain = ratioDomain(scores);
  const rivals = rivalTitles(scores);
  const charts = scores.workloads
    .filter((workload) => ratioPoints(workload, "steps", domain).length > 0)
    .flatMap((workload) => costs.map((cost) => ({ workload, cost })));
  return Promise.all(
    charts.map(async ({ workload, cost }) => ({
      caption: `${workloadTitle(workload.budget.workload)}, in ${cost}`,
      svg: await drawInline(
        {
          ...panel(workload, cost, domain, {
            width: 270,
            rivals,
            axisTitle: `◂ ${subject} behind · ratio of ${cost} · ${subject} ahead ▸`,
            labels: true,
            legend: null,
          }),
          background: "transparent",
          padding: 4,
          config: chartConfig,
        },
        `ratios-${workload.budget.workload}-${cost}`,
      ),
    })),
  );
}

/** The same for all workloads as one SVG file on a light ground of its own, to be shown on any page. */
export function drawRatioPicture(scores: Scores): Promise<string> {
  const subject = methodTitle(scores.protocol.subject);
  const domain = ratioDomain(scores);
  const rivals = rivalTitles(scores);
  const row = (cost: Cost) => ({
    hconcat: scores.workloads.map((workload, i) => ({
      title: cost === "steps" ? workloadTitle(workload.budget.workload) : "",
      ...panel(workload, cost, domain, {
        width: 170,
        rivals,
        axisTitle: `◂ behind · ${cost} · ahead ▸`,
        labels: i === 0,
        legend: { title: null },
      }),
    })),
    // Labels stand beside the first panel alone, and make no room for themselves beside the others.
    bounds: "flush" as const,
    spacing: 22,
  });
  const spec: TopLevelSpec = {
    title: {
      text: `Steps and CPU seconds to each target, relative to ${subject}'s`,
      subtitle:
        "median of ratios over seeds, with 95 % interval; full marks differ from 1, arrows lie beyond the axis",
      anchor: "start",
      offset: 14,
      fontSize: 15,
      fontWeight: 600,
      subtitleColor: paper.ink,
      subtitlePadding: 5,
    },
    vconcat: [row("steps"), row("seconds")],
    background: paper.back,
    padding: 14,
    config: {
      ...chartConfig,
      legend: {
        ...chartConfig.legend,
        orient: "bottom",
        direction: "horizontal",
        labelFontSize: 12,
        symbolSize: 90,
      },
    },
  };
  return drawFile(spec, paper.ink);
}

interface RatioPoint {
  readonly rival: string;
  readonly target: string;
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly told: boolean;
  /** Points that lie beyond the axis are arrows at its end. */
  readonly shape: "circle" | "triangle-left" | "triangle-right";
}

/** The rivals' ratios, moved to the end of the axis where they lie beyond it. */
function ratioPoints(
  workload: WorkloadScore,
  cost: Cost,
  [least, greatest]: readonly [number, number],
): RatioPoint[] {
  const inside = (value: number) => Math.min(greatest, Math.max(least, value));
  return rivalsOf(workload).flatMap(({ method, comparison }) =>
    metrics.flatMap((metric) => {
      const times = comparison?.times?.[metric][cost];
      if (times === undefined) return [];
      const { value, low, high } = times.ratio;
      return {
        rival: methodTitle(method),
        target: metricTitles[metric],
        ratio: inside(value),
        low: inside(low),
        high: inside(high),
        told: times.verdict !== "not told apart",
        shape: value > greatest ? "triangle-right" : value < least ? "triangle-left" : "circle",
      } as const;
    }),
  );
}

/** All methods that are compared with the subject on some workload. */
function rivalTitles({ protocol, workloads }: Scores): string[] {
  const compared = workloads.flatMap(rivalsOf).map(({ method }) => method);
  return methodsOf(protocol)
    .filter((name) => compared.includes(name))
    .map(methodTitle);
}

function rivalsOf({ methods: scores }: WorkloadScore) {
  return scores.filter(({ method, comparison }) => methods[method].role === "method" && comparison);
}

/** As far from 1 to both sides as the finite ratios go, but no farther than 8. */
function ratioDomain({ workloads }: Scores): [number, number] {
  const ratios = workloads
    .flatMap(rivalsOf)
    .flatMap(({ comparison }) =>
      metrics.flatMap((metric) => costs.map((cost) => comparison?.times?.[metric][cost].ratio)),
    )
    .flatMap((ratio) => (ratio === undefined ? [] : [ratio.value, ratio.low, ratio.high]))
    .filter((value) => value > 0 && value < Infinity);
  const reach = Math.min(8, 1.1 * Math.max(1.5, ...ratios.map((value) => Math.max(value, 1 / value))));
  return [1 / reach, reach];
}

interface PanelStyle {
  readonly width: number;
  /** One row each, in all panels the same, also where one of them has no mark. */
  readonly rivals: readonly string[];
  readonly axisTitle: string;
  /** Whether the rivals' names stand beside the panel. */
  readonly labels: boolean;
  readonly legend: { readonly title: null } | null;
}

function panel(
  workload: WorkloadScore,
  cost: Cost,
  domain: [number, number],
  { width, rivals, axisTitle, labels, legend }: PanelStyle,
) {
  const nominal = { type: "nominal" as const };
  const y = {
    ...nominal,
    field: "rival",
    title: null,
    scale: { domain: [...rivals] },
    axis: labels ? { labelLimit: 160, ticks: false, domain: false } : null,
  };
  const yOffset = { ...nominal, field: "target", sort: titles, scale: { paddingOuter: 0.3 } };
  const x = {
    field: "ratio",
    type: "quantitative" as const,
    title: axisTitle,
    scale: { type: "log" as const, domain, nice: false },
    axis: { tickCount: 5, format: "~g" },
  };
  const color = {
    ...nominal,
    field: "target",
    scale: { domain: titles, range: metricColors },
    legend,
  };
  return {
    width,
    height: 32 * rivals.length,
    layer: [
      {
        data: { values: [{ ratio: 1 }] },
        mark: { type: "rule" as const, color: "currentColor", opacity: 0.7 },
        encoding: { x },
      },
      {
        data: { values: ratioPoints(workload, cost, domain) },
        mark: { type: "rule" as const, strokeWidth: 2, opacity: 0.75 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, yOffset, color },
      },
      {
        data: { values: ratioPoints(workload, cost, domain) },
        mark: { type: "point" as const, size: 45, strokeWidth: 1.5 },
        encoding: {
          x,
          y,
          yOffset,
          color,
          fill: color,
          fillOpacity: { condition: { test: "datum.told", value: 1 }, value: 0 },
          shape: { ...nominal, field: "shape", scale: null, legend: null },
        },
      },
    ],
  };
}
