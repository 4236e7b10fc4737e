import { type MethodName, methods } from "../../experiment/methods.js";
import {
  type MethodScore,
  type Metric,
  metrics,
  type PairedTimes,
  type Scores,
  type WorkloadScore,
} from "../../experiment/score/index.js";
import type { Estimate } from "../../statistics.js";
import type { Cell, Table } from "../table.js";
import {
  costCell,
  formatInterval,
  formatSteps,
  formatTarget,
  methodTitle,
  threeDigits,
  workloadTitle,
} from "./format.js";

/** The method's title, marked where runs of it are missing. */
export function rowTitle({ method, missing }: MethodScore): string {
  return missing === 0 ? methodTitle(method) : `${methodTitle(method)} (incomplete)`;
}

/** Who reaches the target accuracy first: one row per method, one column per workload. */
export function headlineTable({ workloads }: Scores, names: readonly MethodName[]): Table {
  const scored = workloads.filter(({ targets }) => targets !== undefined);
  const columns = scored.map((workload) => {
    const own = names.map((name) => scoreOf(workload, name));
    const least = Math.min(...own.map((score) => score?.timeToTarget?.testAccuracy.steps.value ?? Infinity));
    return own.map((score) => headlineCell(score, least));
  });
  return {
    headers: [
      "method",
      ...scored.map(
        ({ budget, targets }) =>
          `${workloadTitle(budget.workload)}: ${formatTarget("testAccuracy", targets!.testAccuracy)}`,
      ),
    ],
    rows: names.map((name, i) => [methodTitle(name), ...columns.map((column) => column[i]!)]),
  };
}

function headlineCell(score: MethodScore | undefined, least: number): Cell {
  const time = score?.timeToTarget?.testAccuracy;
  if (score === undefined || time === undefined) return { text: "–", tone: "muted" };
  const { steps, seconds, reached } = time;
  if (steps.value === Infinity) {
    return {
      text: "missed",
      note: `${reached} of ${score.reporting.length} seeds reached it`,
      tone: "muted",
    };
  }
  return {
    text: `${formatSteps(steps.value)} steps`,
    note: `${threeDigits(seconds.value)} s`,
    ...(steps.value === least && { tone: "best" }),
  };
}

/** How the subject stands against every rival on every target, counted in one cost. */
export function verdictTable({ workloads, protocol }: Scores, cost: "steps" | "seconds"): Table {
  const rivals = [
    ...new Set(workloads.flatMap((workload) => workload.methods.map(({ method }) => method))),
  ].filter((name) => methods[name].role === "method" && name !== protocol.subject);
  return {
    headers: ["workload and target", ...rivals.map(methodTitle)],
    rows: workloads
      .filter(({ targets }) => targets !== undefined)
      .flatMap((workload) =>
        metrics.map((metric) => [
          {
            text: workloadTitle(workload.budget.workload),
            note: formatTarget(metric, workload.targets![metric]),
          },
          ...rivals.map((name) => verdictCell(scoreOf(workload, name)?.comparison?.times?.[metric][cost])),
        ]),
      ),
  };
}

function verdictCell(times: PairedTimes | undefined): Cell {
  if (times === undefined) return { text: "–", tone: "muted" };
  const { ratio, verdict, neither, wins, losses, ties } = times;
  if (neither === wins + losses + ties) return { text: "neither reached it", tone: "muted" };
  const note = `${ratioText(ratio)}; ${formatInterval(ratio, threeDigits)}`;
  switch (verdict) {
    case "ahead":
      return { text: "▲ ahead", note: ratio.low === Infinity ? "the other missed it" : note, tone: "good" };
    case "behind":
      return { text: "▼ behind", note: ratio.high === 0 ? "missed it" : note, tone: "bad" };
    case "not told apart":
      return { text: "not told apart", note };
  }
}

function ratioText({ value }: Estimate): string {
  return `×${threeDigits(value)}`;
}

/** What every method needs for one target, and how that compares with the subject. */
export function targetTable({ methods: scores }: WorkloadScore, metric: Metric, subject: string): Table {
  return {
    headers: [
      "method",
      "reached",
      "steps",
      "epochs",
      "gradient-equivalents",
      "CPU seconds",
      `steps / ${subject}'s`,
      `seconds / ${subject}'s`,
    ],
    rows: scores
      .filter(({ timeToTarget }) => timeToTarget !== undefined)
      .map((score) => {
        const { reached, steps, epochs, seconds, gradientEquivalents } = score.timeToTarget![metric];
        const times = score.comparison?.times?.[metric];
        return [
          rowTitle(score),
          `${reached}/${score.reporting.length}`,
          costCell(steps, formatSteps),
          costCell(epochs, threeDigits),
          costCell(gradientEquivalents, formatSteps),
          costCell(seconds, threeDigits),
          pairedCell(times?.steps),
          pairedCell(times?.seconds),
        ];
      }),
  };
}

function pairedCell(times: PairedTimes | undefined): Cell {
  if (times === undefined) return "";
  const { ratio, wins, losses, ties, neither, verdict } = times;
  if (neither === wins + losses + ties) return { text: "–", note: "both missed", tone: "muted" };
  const score = `${wins} : ${losses}${ties > 0 ? ` : ${ties}` : ""}`;
  return {
    text: ratioText(ratio),
    note: ratio.low === Infinity ? score : `${formatInterval(ratio, threeDigits)}; ${score}`,
    ...(verdict === "ahead" && { tone: "good" }),
    ...(verdict === "behind" && { tone: "bad" }),
  };
}

function scoreOf({ methods: scores }: WorkloadScore, name: MethodName): MethodScore | undefined {
  return scores.find(({ method }) => method === name);
}
