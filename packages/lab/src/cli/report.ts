import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { InvalidArgumentError } from "sofim/core";
import { readScorableResults } from "../experiment/score/index.js";
import { writeWhole } from "./output-file.js";

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
  // All are read before any is drawn, so that a damaged one is told of at once.
  const all = files.map((file) => ({ file, results: readScorableResults(join(folder, file)) }));
  // Loaded here, for it brings Vega: no other command should wait for that.
  const { makeExperimentReport } = await import("../report/experiment/index.js");
  for (const { file, results } of all) {
    const name = basename(file, ".jsonl");
    const { html, markdown, svg, missing } = await makeExperimentReport(results, name);
    const path = join(folder, name);
    await writeWhole(`${path}.html`, html);
    await writeWhole(`${path}.md`, markdown);
    await writeWhole(`${path}.svg`, svg);
    const note = missing === 0 ? "" : ` (${missing} runs are missing)`;
    process.stdout.write(`${path}.html, ${path}.md, ${path}.svg${note}\n`);
  }
}

/** Names of the results files, in the order of the alphabet. */
function findResults(folder: string): string[] {
  const files = listFolder(folder)
    .filter((name) => name.endsWith(".jsonl"))
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
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    throw new InvalidArgumentError("folder", folder, "a folder that is there");
  }
}
