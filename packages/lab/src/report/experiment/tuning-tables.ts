import { type MethodName, methods } from "../../experiment/methods.js";
import { finalLoss } from "../../experiment/plan.js";
import { methodsOf, type Protocol } from "../../experiment/protocol.js";
import type { MethodScore, SharedSetting, WorkloadScore } from "../../experiment/score/index.js";
import { formatSetOptions, loss } from "../summary.js";
import type { Table } from "../table.js";
import { methodTitle, threeDigits, workloadTitle } from "./format.js";
import { rowTitle } from "./target-tables.js";

/** The trial that won for each method, with its options. */
export function winnerTable({ methods: scores }: WorkloadScore): Table {
  return {
    headers: ["method", "trial", "validation loss", "options"],
    rows: scores
      .filter(({ tuning }) => tuning.length > 0)
      .map((score) => {
        const { method, winner, tuning } = score;
        if (winner === undefined)
          return [rowTitle(score), "–", { text: "–", note: spread(tuning) }, "no winner"];
        return [
          rowTitle(score),
          String(winner.trial),
          { text: loss(finalLoss(winner)), note: spread(tuning) },
          formatSetOptions(methods[method].definition.options, winner.options),
        ];
      }),
  };
}

/** How much the choice of options matters to a method: the least and the greatest loss of its trials. */
function spread(tuning: MethodScore["tuning"]): string {
  const losses = tuning.map(finalLoss);
  return `all: ${formatLoss(Math.min(...losses))} to ${formatLoss(Math.max(...losses))}`;
}

function formatLoss(value: number): string {
  return value === Infinity ? "diverged" : loss(value);
}

/** The trials of a method that do best as one setting for all its workloads. */
export function sharedSettingTable(settings: readonly SharedSetting[], method: MethodName): Table {
  const workloads = [...(settings[0]?.losses.keys() ?? [])];
  return {
    headers: ["trial", "options", ...workloads.map(workloadTitle), "farthest from the best"],
    rows: settings.map(({ trial, options, losses, worstRatio }) => [
      String(trial),
      formatSetOptions(methods[method].definition.options, options),
      ...workloads.map((workload) => formatLoss(losses.get(workload)!)),
      `×${threeDigits(worstRatio)}`,
    ]),
  };
}

/** What was searched for each method. */
export function spaceTable(protocol: Protocol): Table {
  return {
    headers: ["method", "searched", "not searched, and not the default"],
    rows: methodsOf(protocol).map((name) => [methodTitle(name), describeSpace(name), describeFixed(name)]),
  };
}

function describeSpace(name: MethodName): string {
  return Object.entries(methods[name].space)
    .map(([dimension, range]) =>
      range.kind === "log"
        ? `${dimension} ${range.low} to ${range.high}`
        : `${dimension} ${range.values.join(" or ")}`,
    )
    .join("; ");
}

/** The options that are the same at two different points and differ from the defaults. */
function describeFixed(name: MethodName): string {
  const { definition, space, options } = methods[name];
  const ends = (end: 0 | 1) =>
    definition.resolve(
      options(
        Object.fromEntries(
          Object.entries(space).map(([dimension, range]) => [
            dimension,
            range.kind === "log" ? [range.low, range.high][end]! : range.values.at(-end)!,
          ]),
        ),
      ),
    );
  const [first, second] = [ends(0), ends(1)];
  const fixed = Object.entries(first).filter(
    ([option, value]) => value === second[option] && value !== definition.options[option]?.default,
  );
  return fixed.length === 0 ? "–" : fixed.map(([option, value]) => `${option} ${value}`).join(", ");
}

/** Methods of which runs diverged or missed a target; none is left out that has a failure of any kind. */
export function failureTable(workloads: readonly WorkloadScore[]): Table {
  const rows = workloads.flatMap(({ budget, methods: scores }) =>
    scores.flatMap((score) => {
      const { tuning, reporting, divergedTuning, divergedReporting, timeToTarget } = score;
      const missed = timeToTarget
        ? Object.values(timeToTarget).map(({ reached }) => reporting.length - reached)
        : [];
      const failed = divergedTuning + divergedReporting + missed.reduce((sum, n) => sum + n, 0);
      const hasNoWinner = score.winner === undefined && score.missing === 0;
      if (failed === 0 && !hasNoWinner) return [];
      const share = (part: number | undefined, whole: number) => (whole === 0 ? "–" : `${part}/${whole}`);
      return [
        [
          workloadTitle(budget.workload),
          rowTitle(score),
          share(divergedTuning, tuning.length),
          share(divergedReporting, reporting.length),
          ...[0, 1, 2].map((i) => share(missed[i], missed.length === 0 ? 0 : reporting.length)),
          hasNoWinner ? "no winner" : "",
        ],
      ];
    }),
  );
  return {
    headers: [
      "workload",
      "method",
      "trials diverged",
      "reporting runs diverged",
      "missed train loss",
      "missed test loss",
      "missed test accuracy",
      "",
    ],
    rows,
  };
}
