import { methods } from "../../experiment/methods.js";
import type { Results } from "../../experiment/results-file.js";
import { type Scores, scoreResults } from "../../experiment/score/index.js";
import { findWorkload } from "../../workloads/workloads.js";
import type { ReportDocument } from "./document.js";
import { count, listWords, methodTitle } from "./format.js";
import * as making from "./making-sections.js";
import { drawRatioPicture } from "./ratio-chart.js";
import { renderReportHtml } from "./render-html.js";
import { renderReportMarkdown } from "./render-markdown.js";
import * as sections from "./result-sections.js";
import { methodSets } from "./series.js";

/** A report as the files that it is made of. */
export interface ExperimentReport {
  /** One self-contained page. */
  readonly html: string;
  readonly markdown: string;
  /** The one picture of the Markdown summary, on a light ground of its own. */
  readonly svg: string;
  /** Runs that the protocol asks for and that are not there. */
  readonly missing: number;
}

/**
 * Makes the report of a results file. It depends on nothing but the lines: the same ones give the same bytes.
 *
 * @param name - of the files that it is written to, without their endings
 */
export async function makeExperimentReport(results: Results, name: string): Promise<ExperimentReport> {
  const scores = scoreResults(results);
  const report = await describe(scores, results.cutOff);
  return {
    html: renderReportHtml(report),
    markdown: renderReportMarkdown(report, name),
    svg: await drawRatioPicture(scores),
    missing: scores.missing,
  };
}

async function describe(scores: Scores, cutOff: boolean): Promise<ReportDocument> {
  return {
    title: scores.protocol.title,
    introduction: introduce(scores),
    warning: warn(scores, cutOff),
    sections: [
      await sections.overviewSection(scores),
      sections.verdictSection(scores),
      await sections.curveSection(scores),
      sections.targetSection(scores),
      sections.finalSection(scores),
      await sections.profileSection(scores),
      await making.tuningSection(scores),
      making.failureSection(scores),
      making.provenanceSection(scores),
    ],
  };
}

function introduce({ protocol }: Scores): string[] {
  const { trials, reportingSeeds, workloads, subject, reference } = protocol;
  const { rivals, ablations } = methodSets(protocol);
  const others = rivals.names.filter((name) => name !== subject);
  const variants = ablations.names.filter((name) => methods[name].role === "ablation");
  const places = workloads.map(({ workload }) => findWorkload(workload).title);
  return [
    `${methodTitle(subject)} beside ${listWords(others.map(methodTitle))}, on ${listWords(places)}. Who first reaches what ` +
      `${methodTitle(reference)} ends with, in train loss, test loss and test accuracy, counted in steps and in seconds ` +
      "of training?",
    `Every method was tuned with ${count(trials, "trial")} on validation images; its best options were then trained ` +
      `with ${count(reportingSeeds.length, "fresh seed")}.` +
      (variants.length === 0
        ? ""
        : ` So were ablations, to see what the parts of ${methodTitle(subject)} are worth: ` +
          `${variants.map(methodTitle).join("; ")}.`),
  ];
}

function warn({ missing, runs }: Scores, cutOff: boolean): string | undefined {
  const notes = [
    ...(missing === 0
      ? []
      : [
          `Not complete: ${missing} of ${missing + runs.length} runs are missing. What is said of methods marked "(incomplete)", and of targets set by one of them, will change.`,
        ]),
    ...(cutOff ? ["The last line of the results file was cut off and is left out."] : []),
  ];
  return notes.length === 0 ? undefined : notes.join(" ");
}
