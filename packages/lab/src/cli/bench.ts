import { loadavg } from "node:os";
import { type Command, Option } from "commander";
import { InvalidArgumentError } from "sofim/core";
import { formatReport, type SuiteReport } from "../bench/format.js";
import { type NetworkName, networkNames } from "../bench/networks.js";
import { runBench, type SuiteName, suiteNames } from "../bench/run-bench.js";
import { readEnvironment } from "../environment.js";
import { type ProtocolName, protocolNames } from "../experiment/protocol.js";
import { checkExperiments, repeatExperiment, runExperiment } from "./experiment.js";
import { interruptedExitCode } from "./interrupt.js";
import { refuseUnusedFlags, suiteOption } from "./suite-flags.js";
import { integerOption } from "./values.js";

type BenchFlags = {
  readonly suite: (SuiteName | ProtocolName)[];
  readonly network?: NetworkName[];
  readonly jobs: number;
  readonly out: string;
  readonly dataDir?: string;
  readonly repeat?: string;
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
    .description("time steps and updates beside their peers, or compare optimizers by a protocol")
    .addOption(
      new Option("--suite <names...>", `what to time, or a protocol: ${protocolNames.join(", ")}`)
        .choices([...suiteNames, ...protocolNames])
        .default(["engine", "optimizers", "update"]),
    )
    .addOption(suiteOption("network", "<names...>", "networks (default: all)").choices(networkNames))
    .addOption(
      suiteOption("jobs", "<n>", "runs of a protocol made side by side, one thread each")
        .argParser(integerOption("--jobs", 1))
        .default(1),
    )
    .addOption(
      suiteOption("out", "<folder>", "where a protocol's results are written, and read to go on").default(
        "results",
      ),
    )
    .addOption(
      suiteOption(
        "dataDir",
        "<folder>",
        "where the data sets are (default: $SOFIM_DATA_DIR or the user's cache)",
      ),
    )
    .addOption(
      suiteOption(
        "repeat",
        "<id>",
        "make one run of a protocol's results again and compare it with its line",
      ).conflicts("jobs"),
    )
    .addOption(
      suiteOption("threads", "<list>", "thread counts, separated by commas; all but engine take the first")
        .argParser(threadList)
        .default([1, 2]),
    )
    .addOption(
      suiteOption("quick", "", "few rounds and small sizes, to see that it works; the times mean nothing"),
    )
    .option("--json", "print the reports as one line of JSON on stdout, all else on stderr")
    .action(runBenchCommand);
}

async function runBenchCommand(flags: BenchFlags, command: Command): Promise<void> {
  refuseUnusedFlags(command, flags.suite);
  refuseUnusedThreads(command, flags);
  const timed = suiteNames.filter((name) => flags.suite.includes(name));
  if (flags.repeat !== undefined) {
    process.exitCode = await repeatExperiment(flags.suite, flags.repeat, flags);
    return;
  }
  const compared = protocolNames.filter((name) => flags.suite.includes(name));
  await checkExperiments(compared, flags);
  if (timed.length > 0) await runTimedSuites(timed, flags);
  for (const name of compared) {
    if ((await runExperiment(name, flags)) === "aborted") {
      process.exitCode = interruptedExitCode;
      return;
    }
  }
}

async function runTimedSuites(suites: SuiteName[], flags: BenchFlags): Promise<void> {
  const { network, threads, quick, json } = flags;
  const out = json ? process.stderr : process.stdout;
  const progress = process.stderr.isTTY ? showTurn : undefined;
  const environment = { ...readEnvironment(), loadAverage: loadavg()[0]! };
  const versions = Object.entries(environment.versions).map(([name, version]) => `${name} ${version}`);
  out.write(`${environment.cpu}, ${environment.cores} cores; ${versions.join(", ")}\n`);
  out.write(
    `load average ${environment.loadAverage.toFixed(2)}${environment.loadAverage > idleLoad ? busy : ""}\n\n`,
  );
  const reports = await runBench({
    suites,
    ...(network && { networks: network }),
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

/** Without this, all but the first count would change nothing. */
function refuseUnusedThreads(command: Command, { suite, threads }: BenchFlags): void {
  if (command.getOptionValueSource("threads") !== "cli" || threads.length === 1) return;
  if (suite.includes("engine")) return;
  throw new InvalidArgumentError("--threads", threads.join(), "one thread count, or the suite engine");
}

function showTurn(contestant: string, round: number): void {
  clearLine();
  process.stderr.write(`${contestant}, ${round}`);
}

function clearLine(): void {
  process.stderr.write("\r\u001b[K");
}
