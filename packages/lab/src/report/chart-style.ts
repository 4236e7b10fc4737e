import type { Config } from "vega-lite";

/** How one run is drawn: a colour that keeps 3:1 contrast on white and on near-black, and a dash pattern. */
export interface SeriesStyle {
  readonly color: string;
  readonly dash: readonly number[];
}

const seriesStyles: readonly SeriesStyle[] = [
  { color: "#d55e00", dash: [] },
  { color: "#1a84c7", dash: [7, 3] },
  { color: "#009e73", dash: [2, 2] },
  { color: "#b06fb5", dash: [9, 3, 2, 3] },
];

/** The style of the run at a position in the report; patterns repeat after the fourth. */
export function seriesStyle(index: number): SeriesStyle {
  return seriesStyles[index % seriesStyles.length]!;
}

/** Axes in the text colour of the page around the chart, so that they fit light and dark alike. */
export const chartConfig: Config = {
  aria: false,
  font: "system-ui, sans-serif",
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    domainColor: "currentColor",
    tickColor: "currentColor",
    gridColor: "currentColor",
    gridOpacity: 0.12,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: "normal",
  },
  view: { stroke: null },
};
