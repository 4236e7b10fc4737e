import { rankSharedSettings, type Scores, type WorkloadScore } from "../../experiment/score/index.js";
import type { Block, Section } from "./document.js";
import { methodTitle, workloadTitle } from "./format.js";
import { budgetTable, costTable, machineFacts, rules, timeFacts, trialsOfOtherSpaces } from "./provenance.js";
import { drawTrials, trialLegend } from "./tuning-charts.js";
import { failureTable, sharedSettingTable, spaceTable, winnerTable } from "./tuning-tables.js";

/** As many of the best shared settings as are worth a look. */
const shownSettings = 5;

export async function tuningSection(scores: Scores): Promise<Section> {
  const { protocol, workloads } = scores;
  const perWorkload = workloads.map(async (workload: WorkloadScore): Promise<Block[]> => {
    const title = workloadTitle(workload.budget.workload);
    const figures = await drawTrials(workload);
    if (figures.length === 0) return [];
    return [
      { kind: "heading", text: title },
      { kind: "figures", size: "small", figures },
      { kind: "table", table: winnerTable(workload) },
    ];
  });
  return {
    title: "Tuning",
    blocks: [
      {
        kind: "text",
        text: `What each of the ${protocol.trials} trials came to: its validation loss after the last step. ${trialLegend}`,
        onPageOnly: true,
      },
      ...(await Promise.all(perWorkload)).flat(),
      ...sharedSettings(scores),
      { kind: "heading", text: "What was searched" },
      { kind: "table", table: spaceTable(protocol) },
    ],
  };
}

function sharedSettings(scores: Scores): Block[] {
  const { subject } = scores.protocol;
  const settings = rankSharedSettings(scores, subject).slice(0, shownSettings);
  if (settings.length === 0) return [];
  return [
    { kind: "heading", text: `${methodTitle(subject)}: one setting for all workloads` },
    {
      kind: "table",
      caption:
        "Trials have the same options on every workload. These are the ones whose validation loss is least far from the best trial's where it is farthest.",
      table: sharedSettingTable(settings, subject),
    },
  ];
}

export function failureSection({ workloads }: Scores): Section {
  const table = failureTable(workloads);
  return {
    title: "Failures",
    blocks:
      table.rows.length === 0
        ? [{ kind: "text", text: "No run diverged, and every reporting run reached every target." }]
        : [{ kind: "table", table }],
  };
}

export function provenanceSection(scores: Scores): Section {
  const { name } = scores.protocol;
  const foreign = trialsOfOtherSpaces(scores);
  return {
    title: "How it was made",
    blocks: [
      { kind: "heading", text: "Rules" },
      { kind: "list", items: rules(scores.protocol) },
      { kind: "heading", text: "Data and length" },
      { kind: "table", table: budgetTable(scores) },
      { kind: "heading", text: "Time" },
      { kind: "table", caption: "CPU time of a step, and what it counts as", table: costTable(scores) },
      { kind: "facts", facts: [...timeFacts(scores), ...machineFacts(scores)] },
      ...(foreign === 0
        ? []
        : [
            {
              kind: "text" as const,
              text: `${foreign} trials were made with options that the search spaces above do not give: the spaces have changed since.`,
            },
          ]),
      { kind: "heading", text: "Make it again" },
      {
        kind: "text",
        text: `The runs, into results/${name}.jsonl; the command goes on where it was stopped:`,
      },
      { kind: "code", text: `npx sofim bench --suite ${name} --out results` },
      { kind: "text", text: "One of them, to be compared with its line:" },
      {
        kind: "code",
        text: `npx sofim bench --suite ${name} --out results --repeat ${scores.runs.at(-1)?.id ?? "ID"}`,
      },
      {
        kind: "text",
        text: `Every figure and table of this report, from the lines of ${name}.jsonl alone, byte for byte:`,
      },
      { kind: "code", text: "npx sofim report results" },
    ],
  };
}
