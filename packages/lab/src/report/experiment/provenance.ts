import { isDeepStrictEqual } from "node:util";
import { methods } from "../../experiment/methods.js";
import { gradientsPerProduct, methodsOf, type Protocol } from "../../experiment/protocol.js";
import type { RunLine } from "../../experiment/run-line.js";
import type { Scores } from "../../experiment/score/index.js";
import { fewestPairs } from "../../experiment/score/index.js";
import { haltonPoint } from "../../experiment/search-space.js";
import { median } from "../../statistics.js";
import { findWorkload } from "../../workloads/workloads.js";
import type { Cell, Table } from "../table.js";
import { count, listWords, methodTitle, threeDigits, workloadTitle } from "./format.js";

/** The protocol's rules with its figures filled in. */
export function rules(protocol: Protocol): string[] {
  const { trials, tuningSeed, reportingSeeds, reference } = protocol;
  return [
    `Every method gets ${count(trials, "trial")}: that many points of the Halton sequence through its own search space, the schedule of the step among what is searched. Each is trained once (seed ${tuningSeed}) and judged by its cross-entropy after the last step on validation images held out of the training set. The best is the method's winner; a run that diverged cannot win.`,
    `The winner is trained anew with ${count(reportingSeeds.length, "fresh seed")} (${listWords(reportingSeeds.map(String))}) and scored on the test images. A seed decides initial weights and the order of images, for all methods alike.`,
    `The targets of a workload are the medians, over the reporting seeds, of what ${methodTitle(reference)} has reached at its end. They are the same for all methods. A run reaches a target at the first evaluation at which it is at least as good; a target that it does not reach counts as infinity.`,
    "Train loss is the mean objective of the batches since the previous evaluation, each before its update.",
    "Every run has one thread. Seconds are CPU seconds of the process over batches and steps, close to the wall clock of a quiet core whatever else the machine does. Evaluation and compilation are off the clock.",
    "A run whose loss is not a finite number ends there and counts as diverged: as having reached no further target, an infinite loss, no image right.",
    `A gradient counts as one gradient-equivalent, a Hessian-vector product as ${gradientsPerProduct}.`,
  ];
}

/** What the intervals and verdicts mean, and what they do not. */
export function readingNotes({ protocol }: Scores): string[] {
  const seeds = protocol.reportingSeeds.length;
  const subject = methodTitle(protocol.subject);
  const range =
    seeds <= 5
      ? ` Of ${seeds} seeds that interval is simply their range, from the least to the greatest: it says how far seeds lay apart, and is no finer than that.`
      : "";
  return [
    `Values are medians over seeds; in small print stands the 95 % percentile bootstrap interval of the median.${range}`,
    `${subject} is compared with every other method seed by seed, by the ratio of the other's time to its own: infinite where only the other missed the target, 0 where only ${subject} did, 1 where both did. It is ahead if the interval of the median ratio lies above 1, behind if it lies below; otherwise, and with fewer than ${fewestPairs} pairs, the two are not told apart.`,
    ...(seeds === 5
      ? [
          `With 5 seeds, "ahead" therefore means ahead on every seed. Two methods that are equally fast come out so, one way or the other, once in 16 comparisons; there are many comparisons here, so a few of these verdicts will be chance. A pattern over targets and workloads says more than one cell.`,
        ]
      : []),
    "Steps are counted at evaluations, so that times are known no finer than the steps between two of them.",
  ];
}

/** The part of each workload that was used. */
export function budgetTable({ workloads }: Scores): Table {
  return {
    headers: [
      "workload",
      "training images",
      "validation",
      "test",
      "batch",
      "epochs",
      "steps",
      "evaluated every",
    ],
    rows: workloads.map(({ budget }) => {
      const { batchSize } = findWorkload(budget.workload);
      const steps = Math.floor(budget.trainImages / batchSize) * budget.epochs;
      return [
        workloadTitle(budget.workload),
        ...[
          budget.trainImages,
          budget.validationImages,
          budget.testImages,
          batchSize,
          budget.epochs,
          steps,
        ].map((number) => number.toLocaleString("en")),
        `${budget.evaluateEvery} steps`,
      ];
    }),
  };
}

/** What a step of each method's winner costs, per workload. */
export function costTable({ workloads, protocol }: Scores): Table {
  return {
    headers: ["method", ...workloads.map(({ budget }) => workloadTitle(budget.workload))],
    rows: methodsOf(protocol).map((name) => [
      methodTitle(name),
      ...workloads.map(({ methods: scores }): Cell => {
        const runs = scores.find(({ method }) => method === name)?.reporting ?? [];
        if (runs.length === 0) return { text: "–", tone: "muted" };
        const perStep = median(runs.map(({ seconds, steps }) => (1000 * seconds) / steps));
        const equivalents = runs[0]!.gradientEquivalents;
        const note = count(Number(equivalents.toPrecision(3)), "gradient");
        return { text: `${threeDigits(perStep)} ms`, note };
      }),
    ]),
  };
}

/** Where the runs' time went, on and off the clock. */
export function timeFacts({ runs }: Scores): [string, string][] {
  const sum = (pick: (run: RunLine) => number) => runs.reduce((total, run) => total + pick(run), 0);
  const compiled = runs.filter(({ compileSeconds }) => compileSeconds > 0);
  const minutes = (seconds: number) => `${threeDigits(seconds / 60)} min`;
  const ratios = runs.filter(({ seconds }) => seconds > 0).map((run) => run.wallSeconds / run.seconds);
  return [
    ["Training", `${minutes(sum(({ seconds }) => seconds))} of CPU time in ${count(runs.length, "run")}`],
    [
      "Wall clock",
      ratios.length === 0
        ? "–"
        : `${threeDigits(median(ratios))} times the CPU seconds, median over runs (${threeDigits(Math.min(...ratios))} to ${threeDigits(Math.max(...ratios))}); CPU seconds also count the making of batches and the runtime's other threads`,
    ],
    ["Evaluation", `${minutes(sum(({ evalSeconds }) => evalSeconds))}, off the clock`],
    [
      "Compilation",
      compiled.length === 0
        ? "none recorded"
        : `${threeDigits(median(compiled.map(({ compileSeconds }) => compileSeconds)))} s, median of ${count(compiled.length, "run")} that compiled a step, off the clock; the others used a step compiled before`,
    ],
  ];
}

/** On what the runs were made. */
export function machineFacts({ runs }: Scores): [string, string][] {
  const versions = runs.map(({ versions }) =>
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  );
  return [
    ["Machine", tally(runs.map(({ machine }) => machine))],
    ["Versions", tally(versions)],
  ];
}

/** The different values, with how many runs have each where they are several. */
function tally(values: readonly string[]): string {
  const different = [...new Set(values)].sort();
  if (different.length === 1) return different[0]!;
  return different
    .map((value) => `${value} (${count(values.filter((other) => other === value).length, "run")})`)
    .join("; ");
}

/** Trials whose options are not those that the search spaces, as they are now, give for their number. */
export function trialsOfOtherSpaces({ workloads }: Scores): number {
  return workloads
    .flatMap(({ methods: scores }) => scores)
    .flatMap(({ method, tuning }) =>
      tuning.filter((run) => {
        const { options, space } = methods[method];
        const wanted = Object.entries(options(haltonPoint(space, run.trial)));
        return !wanted.every(([name, value]) => isDeepStrictEqual(run.options[name], value));
      }),
    ).length;
}
