import type { MethodName } from "../../experiment/methods.js";
import { methods } from "../../experiment/methods.js";
import {
  type MethodScore,
  type Metric,
  metrics,
  type PairedTimes,
  type Scores,
  type WorkloadScore,
} from "../../experiment/score/index.js";
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
    const costs = names.map((name) => scoreOf(workload, name)?.timeToTarget?.testAccuracy);
    const least = Math.min(...costs.map((cost) => cost?.steps.value ?? Infinity));
    return costs.map((cost): Cell => {
      if (cost === undefined) return { text: "–", tone: "muted" };
      if (cost.steps.value === Infinity)
        return { text: "missed", note: `${cost.reached} reached it`, tone: "muted" };
      const text = `${formatSteps(cost.steps.value)} steps`;
      const note = `${threeDigits(cost.seconds.value)} s`;
      return cost.steps.value === least ? { text, note, tone: "best" } : { text, note };
    });
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
  const note = `${ratioText(ratio.value)} [${formatInterval(ratio, threeDigits)}]`;
  switch (verdict) {
    case "ahead":
      return { text: "▲ ahead", note, tone: "good" };
    case "behind":
      return { text: "▼ behind", note, tone: "bad" };
    case "not told apart":
      return { text: "not told apart", note };
  }
}

function ratioText(ratio: number): string {
  return `×${threeDigits(ratio)}`;
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
  const { ratio, wins, losses, ties, verdict } = times;
  const tone = verdict === "ahead" ? "good" : verdict === "behind" ? "bad" : undefined;
  return {
    text: ratioText(ratio.value),
    note: `${formatInterval(ratio, threeDigits)}; ${wins} : ${losses}${ties > 0 ? ` : ${ties}` : ""}`,
    ...(tone && { tone }),
  };
}

function scoreOf({ methods: scores }: WorkloadScore, name: MethodName): MethodScore | undefined {
  return scores.find(({ method }) => method === name);
}
