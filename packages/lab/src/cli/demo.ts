import { type Command, Option } from "commander";
import { loadDataset } from "../data/index.js";
import { readEnvironment } from "../environment.js";
import type { ReportedRun } from "../report/run.js";
import { finalTable, targetTable } from "../report/summary.js";
import { renderTerminalTable } from "../report/terminal-table.js";
import { scoreTargets } from "../train/score.js";
import { train } from "../train/train.js";
import { type OptimizerName, optimizers } from "../workloads/optimizers.js";
import type { Workload } from "../workloads/workload.js";
import { findWorkload } from "../workloads/workloads.js";
import { interruptedExitCode, withInterrupt } from "./interrupt.js";
import { checkOutputPath, writeWhole } from "./output-file.js";
import { progressDisplay } from "./progress.js";
import { integerOption } from "./values.js";

const demoWorkload = "glyphs-lenet5";
const demoOptimizers: readonly OptimizerName[] = ["sofim", "sgd", "adam"];

/** Not among the seeds that the workload's options were searched with, 0 to 2. */
const reportingSeed = 7;

type DemoFlags = {
  readonly epochs?: number;
  readonly seed: number;
  readonly threads?: number;
  readonly out: string;
};

/** Adds `sofim demo`, which is what `npm start` runs. */
export function registerDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("train LeNet-5 on drawn digits with SOFIM, SGD with momentum and Adam, and compare them")
    .option(
      "--epochs <n>",
      "passes over the training images (default: the workload's)",
      integerOption("--epochs", 1),
    )
    .option(
      "--seed <n>",
      "decides initial weights and the order of images",
      integerOption("--seed", 0),
      reportingSeed,
    )
    .option("--threads <n>", "threads of the engine (default: the engine's)", integerOption("--threads", 1))
    .addOption(new Option("--out <file>", "the page with the curves").default("out/sofim-demo.html"))
    .action(async (flags: DemoFlags) => {
      process.exitCode = await runDemo(flags);
    });
}

async function runDemo(flags: DemoFlags): Promise<number> {
  await checkOutputPath("--out", flags.out, "is made");
  const workload = findWorkload(demoWorkload);
  const runs = await withInterrupt((signal) => trainAll(workload, flags, signal));
  if (runs === undefined) {
    process.stderr.write("interrupted; no page was written\n");
    return interruptedExitCode;
  }
  process.stdout.write(`\nSteps and seconds of training to reach\n`);
  process.stdout.write(
    `${renderTerminalTable(targetTable(runs, workload.targets))}\n\nWhere the runs ended\n`,
  );
  process.stdout.write(`${renderTerminalTable(finalTable(runs))}\n`);

  // Loaded here, for it brings Vega: no other command should wait for that.
  const { renderPage } = await import("../report/page.js");
  const page = await renderPage(runs, {
    workload,
    environment: readEnvironment(),
    command: demoCommand(flags),
    made: new Date(),
  });
  await writeWhole(flags.out, page);
  process.stdout.write(`\nCurves: ${flags.out}\n`);
  return 0;
}

/** One run for every optimizer, or undefined if the signal ended one. */
async function trainAll(
  workload: Workload,
  { epochs, seed, threads }: DemoFlags,
  signal: AbortSignal,
): Promise<ReportedRun[] | undefined> {
  const dataset = await loadDataset(workload.dataset);
  const { evaluateEvery } = workload;
  const runs: ReportedRun[] = [];
  for (const optimizer of demoOptimizers) {
    const { title } = optimizers[optimizer];
    const observer = progressDisplay(title.padEnd(17));
    const result = await train({
      workload,
      dataset,
      optimizer,
      epochs,
      seed,
      threads,
      evaluateEvery,
      signal,
      observer,
    }).finally(() => observer.stop());
    if (result.status === "aborted") return undefined;
    runs.push({ title, result, scores: scoreTargets(result.evaluations, workload.targets) });
  }
  return runs;
}

function demoCommand({ epochs, seed, threads, out }: DemoFlags): string {
  const flag = (name: string, value: number | undefined) =>
    value === undefined ? "" : ` --${name} ${value}`;
  return `npx sofim demo --seed ${seed}${flag("epochs", epochs)}${flag("threads", threads)} --out ${out}`;
}
