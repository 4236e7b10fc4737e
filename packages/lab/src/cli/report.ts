import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { InvalidArgumentError } from "sofim/core";
import { readScorableResults } from "../experiment/score/index.js";
import { checkOutputPath, writeWhole } from "./output-file.js";

/** Of results files. */
const extension = ".jsonl";

/** Adds `sofim report`. */
export function registerReportCommand(program: Command): void {
  program
    .command("report")
    .description("write a page, a Markdown summary and a picture beside each results file of `sofim bench`")
    .argument("[folder]", "where the results files (*.jsonl) are", "results")
    .action(runReport);
}

async function runReport(folder: string): Promise<void> {
  const files = findResults(folder);
  // All are read before any is drawn, so that a damaged one is told of at once, and so is a place that takes no report.
  const all = files.map((file) => ({ file, results: readScorableResults(join(folder, file)) }));
  for (const file of files) {
    for (const path of Object.values(reportPaths(folder, file))) await checkOutputPath("folder", path);
  }
  // Loaded here, for it brings Vega: no other command should wait for that.
  const { makeExperimentReport } = await import("../report/experiment/index.js");
  for (const { file, results } of all) {
    const { html, markdown, svg, missing } = await makeExperimentReport(results, basename(file, extension));
    const paths = reportPaths(folder, file);
    await writeWhole(paths.html, html);
    await writeWhole(paths.markdown, markdown);
    await writeWhole(paths.svg, svg);
    const note = missing === 0 ? "" : ` (${missing} runs are missing)`;
    process.stdout.write(`${Object.values(paths).join(", ")}${note}\n`);
  }
}

/** Where the report on a results file goes: beside it, under its name. */
function reportPaths(folder: string, file: string) {
  const path = join(folder, basename(file, extension));
  return { html: `${path}.html`, markdown: `${path}.md`, svg: `${path}.svg` };
}

/** Names of the results files, in the order of the alphabet. */
function findResults(folder: string): string[] {
  const files = listFolder(folder)
    .filter((name) => name.endsWith(extension))
    .sort();
  if (files.length === 0) {
    throw new InvalidArgumentError(
      "folder",
      folder,
      "one with results (*.jsonl), which `sofim bench` writes",
    );
  }
  return files;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new InvalidArgumentError(
      "folder",
      folder,
      `a folder that is there and can be read (${error.code})`,
    );
  }
}
