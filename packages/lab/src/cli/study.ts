import type { Command } from "commander";
import { type ImageDataset, loadDataset, MissingDataError } from "../data/index.js";
import { renderTerminalTable } from "../report/terminal-table.js";
import { type ConvergenceStudy, convergenceSettings, studyConvergence } from "../study/convergence.js";
import { findWorkload } from "../workloads/workloads.js";
import { checkOutputPath, writeWhole } from "./output-file.js";
import { integerOption } from "./values.js";

type StudyFlags = {
  readonly epochs?: number;
  readonly fullSteps?: number;
  readonly seed: number;
  readonly threads?: number;
  readonly dataDir?: string;
  readonly out?: string;
  readonly json?: true;
};

/** Adds `sofim study`. */
export function registerStudyCommand(program: Command): void {
  program
    .command("study")
    .description("measure what the documents say about a method")
    .command("convergence")
    .description("how near SOFIM comes to the optimum of regularized logistic regression on MNIST")
    .option(
      "--epochs <n>",
      `passes of the runs that stay with batches (default: ${convergenceSettings.epochs})`,
      integerOption("--epochs", 1),
    )
    .option(
      "--full-steps <n>",
      `steps with all images at once (default: ${convergenceSettings.fullSteps})`,
      integerOption("--full-steps", 1000),
    )
    .option("--seed <n>", "decides initial weights and the order of images", integerOption("--seed", 0), 0)
    .option("--threads <n>", "threads of the engine (default: the engine's)", integerOption("--threads", 1))
    .option("--data-dir <folder>", "where the data sets are (default: $SOFIM_DATA_DIR or the user's cache)")
    .option("--out <file>", "write the curves as SVG")
    .option("--json", "print the study as one line of JSON on stdout, all else on stderr")
    .action(runConvergence);
}

async function runConvergence({
  epochs,
  fullSteps,
  seed,
  threads,
  dataDir,
  out,
  json,
}: StudyFlags): Promise<void> {
  if (out !== undefined) await checkOutputPath("--out", out);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const workload = findWorkload("mnist-logreg");
  const dataset = await loadOrDraw(dataDir, say);
  const study = await studyConvergence({
    workload,
    dataset,
    seed,
    threads,
    onProgress: say,
    settings: { ...(epochs && { epochs }), ...(fullSteps && { fullSteps }) },
  });
  (json ? process.stderr : process.stdout).write(describeStudy(study));
  if (out !== undefined) {
    // Loaded here, for it brings Vega: no other command should wait for that.
    const { renderConvergenceChart } = await import("../study/convergence-chart.js");
    await writeWhole(out, await renderConvergenceChart(study));
    say(`curves: ${out}`);
  }
  if (json) process.stdout.write(`${JSON.stringify(study)}\n`);
}

/**
 * MNIST, or the drawn digits where MNIST is not at hand and no folder was named: the problem is as convex with them.
 * Who names a folder wants what is in it.
 */
async function loadOrDraw(dataDir: string | undefined, say: (line: string) => void): Promise<ImageDataset> {
  if (dataDir !== undefined) return loadDataset("mnist", { dataDir });
  try {
    return await loadDataset("mnist");
  } catch (error) {
    if (!(error instanceof MissingDataError)) throw error;
    say(`${error.message}\nThe study goes on with the drawn digits; its numbers are not those of MNIST.`);
    return loadDataset("glyphs");
  }
}

function describeStudy({ dataset, images, optimum, runs }: ConvergenceStudy): string {
  const { status, value, gradientNorm, iterations, evaluations, seconds } = optimum;
  const table = {
    headers: ["SOFIM with", "epochs", "gap", "seconds"],
    rows: runs.map(({ title, points, seconds: time }) => {
      const last = points.at(-1)!;
      return [title, String(last.epoch), last.gap.toExponential(1), time.toFixed(0)];
    }),
  };
  return `${images} images of ${dataset}
L-BFGS: ${status} at ${value.toFixed(9)} after ${iterations} iterations, ${evaluations} evaluations, ${seconds.toFixed(0)} s; largest gradient component ${gradientNorm.toExponential(1)}
${renderTerminalTable(table)}
`;
}
