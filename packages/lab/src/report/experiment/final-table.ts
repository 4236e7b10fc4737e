import {
  type Comparison,
  fewestPairs,
  type MethodScore,
  type Metric,
  metrics,
  type WorkloadScore,
} from "../../experiment/score/index.js";
import { percent } from "../summary.js";
import type { Cell, Table } from "../table.js";
import { formatInterval, formatValue, metricTitles, threeDigits } from "./format.js";
import { rowTitle } from "./target-tables.js";

/** Where the reporting runs of each method ended, and how far that is from where the subject's did, seed by seed. */
export function finalTable({ methods: scores }: WorkloadScore, subject: string): Table {
  return {
    headers: [
      "method",
      ...metrics.map((metric) => metricTitles[metric]),
      ...metrics.map((metric) => `${metricTitles[metric]} less ${subject}'s`),
    ],
    rows: scores
      .filter(({ finals }) => finals !== undefined)
      .map((score) => [
        rowTitle(score),
        ...metrics.map((metric) => valueCell(score, metric)),
        ...metrics.map((metric) => differenceCell(score.comparison, metric)),
      ]),
  };
}

function valueCell({ finals }: MethodScore, metric: Metric): Cell {
  const estimate = finals![metric];
  if (estimate.value === Infinity) return { text: "diverged", tone: "muted" };
  return {
    text: formatValue(metric, estimate.value),
    note: formatInterval(estimate, (value) => (value === Infinity ? "diverged" : formatValue(metric, value))),
  };
}

/** An interval without 0 is coloured by who is better off: a lower loss or a higher accuracy. */
function differenceCell(comparison: Comparison | undefined, metric: Metric): Cell {
  if (comparison === undefined) return "";
  const difference = comparison.finalDifference[metric];
  const { value, low, high } = difference;
  const isHigher = low > 0;
  const isTold = (isHigher || high < 0) && comparison.pairs >= fewestPairs;
  const subjectIsBetter = isHigher === (metric !== "testAccuracy");
  const format = (x: number) => signed(x, metric);
  return {
    text: format(value),
    note: formatInterval(difference, format),
    ...(isTold && { tone: subjectIsBetter ? "good" : "bad" }),
  };
}

function signed(value: number, metric: Metric): string {
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "+";
  return `${sign}${metric === "testAccuracy" ? percent(size) : threeDigits(size)}`;
}
