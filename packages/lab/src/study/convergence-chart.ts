import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { seriesStyle } from "../report/chart-style.js";
import type { ConvergenceStudy } from "./convergence.js";

/** A grey that keeps 4.5:1 contrast on white and on near-black: the file is shown on pages of either kind. */
const ink = "#767676";

/** The relative gap below which SOFIM counts as having reached the optimum. */
const target = 1e-4;

/** Draws the gap of every run against epochs, both on logarithmic axes, as a whole SVG file; dotted, the predicted one. */
export async function renderConvergenceChart(study: ConvergenceStudy): Promise<string> {
  const svg = await new View(parse(compile(chartSpec(study)).spec), { renderer: "none" }).toSVG();
  return `${svg}\n`;
}

function chartSpec({ runs, predicted }: ConvergenceStudy): TopLevelSpec {
  const titles = runs.map(({ title }) => title);
  // A logarithmic axis has no place for a gap of zero or below, which rounding can give at the optimum.
  const values = runs.flatMap(({ title, points }) =>
    points.filter(({ gap }) => gap > 0).map(({ epoch, gap }) => ({ step: title, epoch, gap })),
  );
  const y = {
    field: "gap",
    type: "quantitative" as const,
    title: "(objective - optimum) / optimum",
    scale: { type: "log" as const },
    axis: { format: "~e", tickCount: 6 },
  };
  const x = {
    field: "epoch",
    type: "quantitative" as const,
    title: "epochs",
    scale: { type: "log" as const, nice: false },
    axis: { format: "~g", tickCount: 6 },
  };
  const byTitle = <T>(range: T[]) => ({
    field: "step",
    type: "nominal" as const,
    title: "SOFIM with",
    scale: { domain: titles, range },
  });
  return {
    width: 520,
    height: 320,
    background: "transparent",
    layer: [
      {
        data: { values: [{ gap: target }] },
        mark: { type: "rule", color: ink, strokeDash: [4, 4] },
        encoding: { y },
      },
      {
        data: { values: predicted },
        mark: { type: "line", color: ink, strokeDash: [1, 3], clip: true },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: "line", strokeWidth: 2 },
        encoding: {
          x,
          y,
          color: byTitle(titles.map((_, i) => seriesStyle(i).color)),
          strokeDash: byTitle(titles.map((_, i) => [...seriesStyle(i).dash])),
        },
      },
    ],
    config: {
      aria: false,
      font: "system-ui, sans-serif",
      view: { stroke: null },
      axis: {
        labelColor: ink,
        titleColor: ink,
        domainColor: ink,
        tickColor: ink,
        gridColor: ink,
        gridOpacity: 0.15,
        titleFontWeight: "normal",
      },
      legend: { labelLimit: 0, labelColor: ink, titleColor: ink, titleFontWeight: "normal" },
    },
  };
}
