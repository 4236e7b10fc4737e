import { loadavg } from "node:os";
import { type Command, Option } from "commander";
import { InvalidArgumentError } from "sofim/core";
import { formatReport, type SuiteReport } from "../bench/format.js";
import { runBench, type SuiteName, suiteNames } from "../bench/run-bench.js";
import { readEnvironment } from "../report/environment.js";
import { integerOption } from "./values.js";

type BenchFlags = {
  readonly suite: SuiteName[];
  readonly threads: number[];
  readonly quick?: true;
  readonly json?: true;
};

/** Runnable processes, on average over the last minute, that a quiet machine stays below. */
const idleLoad = 0.5;
const busy = ": other work is running, and times and ratios are rough";

/** Adds `sofim bench`. */
export function registerBenchCommand(program: Command): void {
  program
    .command("bench")
    .description("time the training step and the optimizers' updates beside their peers")
    .addOption(
      new Option("--suite <names...>", "what to measure")
        .choices(suiteNames)
        .default(["engine", "optimizers", "update"]),
    )
    .option("--threads <list>", "thread counts of the engine suite, separated by commas", threadList, [1, 2])
    .option("--quick", "few rounds and small sizes, to see that it works; the times mean nothing")
    .option("--json", "print the reports as one line of JSON on stdout, all else on stderr")
    .action(runBenchCommand);
}

async function runBenchCommand({ suite, threads, quick, json }: BenchFlags): Promise<void> {
  const out = json ? process.stderr : process.stdout;
  const progress = process.stderr.isTTY ? showTurn : undefined;
  const environment = { ...readEnvironment(), loadAverage: loadavg()[0]! };
  const versions = Object.entries(environment.versions).map(([name, version]) => `${name} ${version}`);
  out.write(`${environment.cpu}, ${environment.cores} cores; ${versions.join(", ")}\n`);
  out.write(
    `load average ${environment.loadAverage.toFixed(2)}${environment.loadAverage > idleLoad ? busy : ""}\n\n`,
  );
  const reports = await runBench({
    suites: suite,
    threads,
    quick: quick ?? false,
    ...(progress && { onTurn: progress }),
    onReport: (report: SuiteReport) => {
      if (progress) clearLine();
      out.write(`${formatReport(report)}\n`);
    },
  });
  if (json) process.stdout.write(`${JSON.stringify({ environment, reports })}\n`);
}

function threadList(text: string): number[] {
  const counts = text.split(",").map(integerOption("--threads", 1));
  if (new Set(counts).size !== counts.length) {
    throw new InvalidArgumentError("--threads", text, "each thread count once");
  }
  return counts;
}

function showTurn(contestant: string, round: number): void {
  clearLine();
  process.stderr.write(`${contestant}, ${round}`);
}

function clearLine(): void {
  process.stderr.write("\r\u001b[K");
}
