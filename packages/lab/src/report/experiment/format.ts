import { type MethodName, methods } from "../../experiment/methods.js";
import type { Metric } from "../../experiment/score/index.js";
import type { Estimate } from "../../statistics.js";
import { findWorkload } from "../../workloads/workloads.js";
import { loss, percent } from "../summary.js";
import type { RichCell } from "../table.js";

export const metricTitles: Readonly<Record<Metric, string>> = {
  trainLoss: "train loss",
  testLoss: "test loss",
  testAccuracy: "test accuracy",
};

export function methodTitle(method: MethodName): string {
  return methods[method].title;
}

/** The workload's title with a capital, to begin a heading or a cell. */
export function workloadTitle(name: string): string {
  const { title } = findWorkload(name);
  return title[0]!.toUpperCase() + title.slice(1);
}

/** A value of a metric as tables show it. */
export function formatValue(metric: Metric, value: number): string {
  return metric === "testAccuracy" ? percent(value) : loss(value);
}

/** A target with the side on which it is reached. */
export function formatTarget(metric: Metric, target: number): string {
  const value = formatValue(metric, target);
  return `${metricTitles[metric]} ${metric === "testAccuracy" ? "≥" : "≤"} ${value}`;
}

/** Three significant digits without an exponent; infinity as its sign. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 100 ? rounded.toFixed(0) : value.toPrecision(3);
}

/** A number of steps: whole, or with a half where it lies between two. */
export function formatSteps(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toFixed(1))) : "∞";
}

/** The ends of an interval, or nothing where they are the same. */
export function formatInterval({ low, high }: Estimate, format: (value: number) => string): string {
  const [from, to] = [format(low), format(high)];
  return from === to ? `all ${from}` : `${from} to ${to}`;
}

/** An estimate of what a target costs, with its interval in small print; an infinite one was missed. */
export function costCell(estimate: Estimate, format: (value: number) => string): RichCell {
  if (estimate.low === Infinity) return { text: "missed", tone: "muted" };
  const text = estimate.value === Infinity ? "missed" : format(estimate.value);
  return {
    text,
    note: formatInterval(estimate, format),
    ...(estimate.value === Infinity && { tone: "muted" }),
  };
}

/** `words` as a list in a sentence: "a, b and c". */
export function listWords(words: readonly string[]): string {
  return new Intl.ListFormat("en-GB").format(words);
}

/** "1 run", "2 runs". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
