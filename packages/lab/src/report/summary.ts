import type { OptimizerOptions } from "../workloads/optimizer-definition.js";
import { type OptimizerName, optimizers } from "../workloads/optimizers.js";
import type { OptionSpecs } from "../workloads/option-specs.js";
import type { Targets } from "../workloads/workload.js";
import type { ReportedRun } from "./run.js";

/** A table as text: one header per column, one row per run. The terminal and the page print the same one. */
export interface SummaryTable {
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Steps and seconds to each target, one row per run. */
export function targetTable(runs: readonly ReportedRun[], targets: Targets): SummaryTable {
  return {
    headers: [
      "optimizer",
      `train loss ≤ ${targets.trainLoss}`,
      `test loss ≤ ${targets.testLoss}`,
      `test accuracy ≥ ${percent(targets.testAccuracy)}`,
    ],
    rows: runs.map(({ title, scores }) => [
      title,
      reached(scores.trainLoss),
      reached(scores.testLoss),
      reached(scores.testAccuracy),
    ]),
  };
}

/** Where each run ended, and how fast it ran. */
export function finalTable(runs: readonly ReportedRun[]): SummaryTable {
  return {
    headers: ["optimizer", "options", "train loss", "test loss", "test accuracy", "seconds", "ms per step"],
    rows: runs.map(({ title, result }) => [
      result.status === "completed" ? title : `${title} (${result.status})`,
      formatOptions(result.optimizer, result.options),
      loss(result.trainLoss),
      loss(result.testLoss),
      percent(result.testAccuracy),
      seconds(result.seconds),
      ratio(1000 * result.seconds, result.steps),
    ]),
  };
}

/** The learning rate and every option that is not at the optimizer's default, as `name value`. */
export function formatOptions(optimizer: OptimizerName, options: OptimizerOptions): string {
  return formatSetOptions(optimizers[optimizer].options, options);
}

/** As `formatOptions`, for options that `specs` describes. */
export function formatSetOptions(specs: OptionSpecs, options: OptimizerOptions): string {
  return Object.entries(options)
    .filter(([name, value]) => name === "learningRate" || value !== specs[name]?.default)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

/** A fraction as a percentage with two decimals at most, such as "97.5 %". */
export function percent(fraction: number): string {
  return Number.isFinite(fraction) ? `${Number((100 * fraction).toFixed(2))} %` : "–";
}

/** A loss with four significant digits. */
export function loss(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(4) : "–";
}

function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

function ratio(value: number, count: number): string {
  return count === 0 ? "–" : (value / count).toFixed(1);
}

function reached(score: { readonly steps: number; readonly seconds: number }): string {
  return Number.isFinite(score.steps) ? `${score.steps} steps, ${seconds(score.seconds)}` : "not reached";
}
