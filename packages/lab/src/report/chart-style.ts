import type { Config } from "vega-lite";

/** How one series is drawn: a colour that keeps 3:1 contrast on white and on near-black, and a dash pattern. */
export interface SeriesStyle {
  readonly color: string;
  readonly dash: readonly number[];
}

/** Neighbours differ in hue, brightness and dash, so that they are told apart without seeing colours too. */
const seriesStyles: readonly SeriesStyle[] = [
  { color: "#d55e00", dash: [] },
  { color: "#1a84c7", dash: [7, 3] },
  { color: "#009e73", dash: [2, 2] },
  { color: "#b06fb5", dash: [9, 3, 2, 3] },
  { color: "#9a7d0a", dash: [12, 3] },
  { color: "#7d8590", dash: [4, 2] },
  { color: "#e0457b", dash: [] },
  { color: "#0e97a8", dash: [7, 3] },
  { color: "#7a78e0", dash: [2, 2] },
  { color: "#a3704a", dash: [9, 3, 2, 3] },
  { color: "#6b9400", dash: [12, 3] },
  { color: "#c0504d", dash: [4, 2] },
  { color: "#5a8f8a", dash: [] },
  { color: "#b8860b", dash: [7, 3, 2, 3, 2, 3] },
  { color: "#7d8590", dash: [1, 3] },
];

/** The style of the series at a position in the report; they repeat after the fifteenth. */
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
  header: { labelColor: "currentColor", titleColor: "currentColor" },
  legend: { labelColor: "currentColor", titleColor: "currentColor" },
  title: { color: "currentColor", fontSize: 12, fontWeight: "normal" },
  view: { stroke: null },
};
