import { metrics, type Scores } from "../../experiment/score/index.js";
import { drawCurves } from "./curve-charts.js";
import type { Block, Section } from "./document.js";
import { finalTable } from "./final-table.js";
import { formatTarget, methodTitle, workloadTitle } from "./format.js";
import { drawProfiles } from "./profile-chart.js";
import { readingNotes } from "./provenance.js";
import { drawRatios, ratioLegend } from "./ratio-chart.js";
import { legendOf, methodSets } from "./series.js";
import { headlineTable, targetTable, verdictTable } from "./target-tables.js";
import { verdictSentences } from "./verdict-sentences.js";

const costs = ["steps", "seconds"] as const;

export async function overviewSection(scores: Scores): Promise<Section> {
  const { protocol } = scores;
  const subject = methodTitle(protocol.subject);
  return {
    title: "Who gets there first",
    blocks: [
      {
        kind: "text",
        text: `Steps and CPU seconds until the test accuracy is what ${methodTitle(protocol.reference)} ends with; the fewest steps in bold.`,
      },
      { kind: "table", table: headlineTable(scores, methodSets(protocol).rivals.names) },
      {
        kind: "text",
        onPageOnly: true,
        text: `What each method needs to reach each target, relative to ${subject}: medians of the ratios over seeds, with 95 % intervals. Right of the line ${subject} is ahead. A full mark is told apart from 1, a hollow one is not; an arrow lies beyond the axis, as where one of the two missed the target.`,
      },
      { kind: "figures", size: "large", legend: ratioLegend, figures: await drawRatios(scores) },
    ],
  };
}

export function verdictSection(scores: Scores): Section {
  const subject = methodTitle(scores.protocol.subject);
  const blocks = costs.flatMap((cost): Block[] => [
    { kind: "heading", text: `In ${cost === "steps" ? "steps" : "CPU seconds"}` },
    { kind: "list", items: verdictSentences(scores, cost) },
    {
      kind: "table",
      caption: `×2 means that the method needs twice the ${cost} of ${subject}.`,
      table: verdictTable(scores, cost),
    },
  ]);
  return {
    title: `Where ${subject} is ahead, and where it is behind`,
    blocks: [
      ...blocks,
      { kind: "heading", text: "What that means" },
      { kind: "list", items: readingNotes(scores) },
    ],
  };
}

export async function curveSection({ protocol, workloads }: Scores): Promise<Section> {
  const sets = Object.entries(methodSets(protocol));
  const perWorkload = workloads.map(async (workload): Promise<Block[]> => {
    const blocks = sets.map(async ([name, { title, names }]): Promise<Block[]> => {
      const own = names.filter((method) => workload.budget.methods.includes(method));
      // A set of ablations that a workload has none of is the subject and the reference alone.
      const figures =
        name === "ablations" && own.length <= 2 ? [] : await drawCurves(protocol, workload, own, name);
      if (figures.length === 0) return [];
      const heading = `${workloadTitle(workload.budget.workload)}: ${title}`;
      return [
        { kind: "heading", text: heading },
        { kind: "figures", size: "large", legend: legendOf(protocol, own), rules: ["target"], figures },
      ];
    });
    return (await Promise.all(blocks)).flat();
  });
  return {
    title: "Curves",
    onPageOnly: true,
    blocks: [
      {
        kind: "text",
        text: "Lines are medians over the reporting seeds, bands reach from their lower to their upper quartile (the whole range stands in the tables). Losses beyond those of guessing are cut off.",
      },
      ...(await Promise.all(perWorkload)).flat(),
    ],
  };
}

export function targetSection({ protocol, workloads }: Scores): Section {
  const subject = methodTitle(protocol.subject);
  const blocks = workloads.flatMap((workload): Block[] => {
    const { targets, budget } = workload;
    const title = workloadTitle(budget.workload);
    if (targets === undefined) {
      const text = `No targets yet: ${methodTitle(protocol.reference)}, which sets them, has no finished reporting run here.`;
      return [
        { kind: "heading", text: title },
        { kind: "text", text },
      ];
    }
    return metrics.flatMap((metric): Block[] => [
      { kind: "heading", text: `${title}: ${formatTarget(metric, targets[metric])}` },
      { kind: "table", table: targetTable(workload, metric, subject) },
    ]);
  });
  return {
    title: "What each target took",
    onPageOnly: true,
    blocks: [
      {
        kind: "text",
        text: `The last two columns pair runs by seed; after the interval stand the seeds on which ${subject} was faster, slower and as fast.`,
      },
      ...blocks,
    ],
  };
}

export function finalSection({ protocol, workloads }: Scores): Section {
  const subject = methodTitle(protocol.subject);
  return {
    title: "Where the runs ended",
    blocks: [
      {
        kind: "text",
        text: `Differences pair runs by seed. Where they have one sign on the whole interval they are coloured: green where ${subject} ended better, orange where the other did.`,
      },
      ...workloads
        .filter((workload) => workload.methods.some(({ finals }) => finals !== undefined))
        .flatMap((workload): Block[] => [
          { kind: "heading", text: workloadTitle(workload.budget.workload) },
          { kind: "table", table: finalTable(workload, subject) },
        ]),
    ],
  };
}

export async function profileSection(scores: Scores): Promise<Section> {
  const { rivals, ablations } = methodSets(scores.protocol);
  const sets = [rivals, ablations].filter(({ names }) => names.length > 0);
  const blocks = await Promise.all(
    sets.map(async (set): Promise<Block[]> => {
      const figures = await drawProfiles(scores, set.names, set.title);
      if (figures.length === 0) return [];
      const legend = legendOf(scores.protocol, set.names);
      return [{ kind: "figures", size: "large", legend, figures }];
    }),
  );
  return {
    title: "Performance profiles",
    onPageOnly: true,
    blocks: [
      {
        kind: "text",
        text: "Of all targets of all workloads, the share that a method reaches within a factor of what the fastest method of the same chart needs, medians over seeds. At factor 1 stands how often a method is the fastest; far right, how many targets it reaches at all. Workloads that not all of a chart's methods ran on are left out.",
      },
      ...blocks.flat(),
    ],
  };
}
