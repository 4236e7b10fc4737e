import type { Command } from "commander";
import { InvalidArgumentError } from "sofim/core";
import { loadDataset } from "../data/index.js";
import { formatOptions, loss, percent } from "../report/summary.js";
import type { StepLog, TrainObserver } from "../train/loop.js";
import type { RunStatus, TrainResult } from "../train/result.js";
import { train } from "../train/train.js";
import type { OptimizerOptions } from "../workloads/optimizer-definition.js";
import { findOptimizer, optimizerNames, optimizers } from "../workloads/optimizers.js";
import { findWorkload, workloads } from "../workloads/workloads.js";
import { givenHyperparameters, hyperparameterOptions } from "./hyperparameters.js";
import { interruptedExitCode, withInterrupt } from "./interrupt.js";
import { checkOutputPath, writeWhole } from "./output-file.js";
import { progressDisplay } from "./progress.js";
import { integerOption } from "./values.js";

type TrainFlags = {
  readonly workload: string;
  readonly optimizer: string;
  readonly epochs?: number;
  readonly seed: number;
  readonly threads?: number;
  readonly evaluateEvery?: number;
  readonly logEvery?: number;
  readonly dataDir?: string;
  readonly out?: string;
  readonly json?: true;
};

const exitCodes: Readonly<Record<RunStatus, number>> = {
  completed: 0,
  diverged: 1,
  aborted: interruptedExitCode,
};

/** Adds `sofim train`. */
export function registerTrainCommand(program: Command): void {
  const command = program
    .command("train")
    .description("train one workload with one optimizer")
    .requiredOption("--workload <name>", `one of ${[...workloads.keys()].join(", ")}`)
    .option("--optimizer <name>", `one of ${optimizerNames.join(", ")}`, "sofim")
    .option(
      "--epochs <n>",
      "passes over the training images (default: the workload's)",
      integerOption("--epochs", 1),
    )
    .option("--seed <n>", "decides initial weights and the order of images", integerOption("--seed", 0), 0)
    .option("--threads <n>", "threads of the engine (default: the engine's)", integerOption("--threads", 1))
    .option("--evaluate-every <n>", "also evaluate every n steps", integerOption("--evaluate-every", 1))
    .option(
      "--log-every <n>",
      "print loss, hyperparameters and diagnostics every n steps, and keep them for --out",
      integerOption("--log-every", 1),
    )
    .option("--data-dir <folder>", "where the data sets are (default: $SOFIM_DATA_DIR or the user's cache)")
    .option("--out <file>", "write the whole run, with the loss of every step, as JSON")
    .option("--json", "print the result as one line of JSON on stdout, all else on stderr");
  for (const option of hyperparameterOptions()) command.addOption(option);
  command.action(async (flags: TrainFlags) => {
    const status = await runTrain(flags, givenHyperparameters(flags));
    process.exitCode = exitCodes[status];
  });
}

async function runTrain(flags: TrainFlags, options: OptimizerOptions): Promise<RunStatus> {
  const workload = findWorkload(flags.workload);
  const optimizer = findOptimizer(flags.optimizer);
  // Made once here for its checks alone: bad options should not have to wait for the data.
  optimizers[optimizer].create({ ...workload.optimizers[optimizer], ...options });
  if (options.diagnostics === true && flags.logEvery === undefined) {
    throw new InvalidArgumentError("--diagnostics", true, "--log-every beside it, which prints them");
  }
  if (flags.out !== undefined) await checkOutputPath("--out", flags.out);
  const { epochs, seed, threads, evaluateEvery, logEvery, dataDir } = flags;
  const dataset = await loadDataset(workload.dataset, dataDir === undefined ? {} : { dataDir });

  const display = progressDisplay(`${workload.name} ${optimizer}`);
  const logs: StepLog[] = [];
  const observer: TrainObserver = {
    ...display,
    onLog(log) {
      logs.push(log);
      display.onLog?.(log);
    },
  };
  const plan = { workload, dataset, optimizer, options, epochs, seed, threads, evaluateEvery, logEvery };
  const result = await withInterrupt((signal) => train({ ...plan, signal, observer })).finally(() =>
    display.stop(),
  );

  if (flags.out !== undefined) await writeWhole(flags.out, `${JSON.stringify(wholeRun(result, logs))}\n`);
  (flags.json ? process.stderr : process.stdout).write(describeResult(result));
  if (flags.json) process.stdout.write(`${JSON.stringify(summaryOf(result))}\n`);
  return result.status;
}

/** The result without its per-step arrays. JSON has no NaN: a value that was not reached prints as null. */
function summaryOf({ losses: _losses, stepSeconds: _stepSeconds, ...summary }: TrainResult) {
  return summary;
}

function wholeRun(result: TrainResult, logs: readonly StepLog[]) {
  return { ...result, losses: [...result.losses], stepSeconds: [...result.stepSeconds], logs };
}

function describeResult(result: TrainResult): string {
  const { seconds, evalSeconds, compileSeconds, imagesPerSecond } = result;
  return `${result.workload}, ${result.optimizer} (${formatOptions(result.optimizer, result.options)}), seed ${result.seed}: ${result.status}
  steps          ${result.steps} of ${result.batchSize} images
  train loss     ${loss(result.trainLoss)}
  test loss      ${loss(result.testLoss)}
  test accuracy  ${percent(result.testAccuracy)}
  training       ${seconds.toFixed(2)} s (${imagesPerSecond.toFixed(0)} images/s) on ${result.device}, ${result.threads} ${result.threads === 1 ? "thread" : "threads"}
  evaluation     ${evalSeconds.toFixed(2)} s
  compilation    ${compileSeconds.toFixed(2)} s
`;
}
