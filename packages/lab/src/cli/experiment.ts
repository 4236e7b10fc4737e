import { SingleBar } from "cli-progress";
import { InvalidArgumentError } from "sofim/core";
import { type ProtocolName, protocolNames, protocols } from "../experiment/protocol.js";
import { repeatRun } from "../experiment/repeat-run.js";
import { readResults } from "../experiment/results-file.js";
import type { RunLine } from "../experiment/run-line.js";
import { checkSuite, resultsPath, runSuite, type SuiteProgress } from "../experiment/run-suite.js";
import { withInterrupt } from "./interrupt.js";
import { checkOutputFolder } from "./output-file.js";

interface ExperimentFlags {
  readonly jobs: number;
  readonly out: string;
  readonly dataDir?: string;
  readonly json?: true;
}

/** Refuses, before any of them is begun, protocols whose runs cannot all be made. */
export async function checkExperiments(
  names: readonly ProtocolName[],
  { out, dataDir }: ExperimentFlags,
): Promise<void> {
  if (names.length > 0) await checkOutputFolder("--out", out);
  for (const name of names) await checkSuite({ protocol: protocols[name], out, dataDir });
}

/** Makes the runs of a protocol that are not there yet, and says on stderr how far it is. */
export async function runExperiment(
  name: ProtocolName,
  { jobs, out, dataDir, json }: ExperimentFlags,
): Promise<"complete" | "aborted"> {
  const protocol = protocols[name];
  const display = process.stderr.isTTY ? barDisplay(name) : lineDisplay(name);
  const outcome = await withInterrupt((signal) =>
    runSuite({
      protocol,
      jobs,
      out,
      dataDir,
      signal,
      onProgress: display.onProgress,
      onNotice: (notice) => process.stderr.write(`${notice}\n`),
    }),
  ).finally(() => display.stop());
  const results = resultsPath(out, name);
  if (outcome === "aborted") process.stderr.write("interrupted; the same command goes on\n");
  if (json) process.stdout.write(`${JSON.stringify({ protocol: name, outcome, results })}\n`);
  else process.stdout.write(`${results}: ${outcome}; \`sofim report ${out}\` makes the report\n`);
  return outcome;
}

/** Makes one run again; returns the exit code, 1 if it is not the same. */
export async function repeatExperiment(
  suites: readonly string[],
  id: string,
  { out, dataDir, json }: ExperimentFlags,
): Promise<number> {
  const [name] = suites;
  if (name === undefined || suites.length > 1 || !isProtocolName(name)) {
    throw new InvalidArgumentError(
      "--suite",
      suites.join(" "),
      `one of ${protocolNames.join(", ")} for --repeat`,
    );
  }
  const { recorded, repeated, same, difference } = await repeatRun(
    readResults(resultsPath(out, name)),
    id,
    dataDir,
  );
  if (json) process.stdout.write(`${JSON.stringify({ recorded, repeated, same, difference })}\n`);
  else {
    const verdict = same ? "the same to the last bit" : `differs by ${difference.toExponential(1)}, relative`;
    process.stdout.write(
      `recorded ${describeRun(recorded)}\nrepeated ${describeRun(repeated)}\n${verdict}\n`,
    );
  }
  return same ? 0 : 1;
}

function isProtocolName(name: string): name is ProtocolName {
  return protocolNames.some((known) => known === name);
}

function barDisplay(name: string) {
  const bar = new SingleBar({
    format: `${name} [{bar}] {value}/{total} runs | {left} left | {last}`,
    stream: process.stderr,
    barsize: 24,
    hideCursor: true,
  });
  bar.start(1, 0, { left: "?", last: "" });
  return {
    onProgress({ done, total, secondsLeft, last }: SuiteProgress): void {
      bar.setTotal(total);
      bar.update(done, { left: formatLeft(secondsLeft), last: last === undefined ? "" : describeRun(last) });
    },
    stop: () => bar.stop(),
  };
}

function lineDisplay(name: string) {
  return {
    onProgress({ done, total, secondsLeft, last }: SuiteProgress): void {
      const left = Number.isNaN(secondsLeft) ? "" : `, ${formatLeft(secondsLeft)} left`;
      const run = last === undefined ? "" : `: ${describeRun(last)}`;
      process.stderr.write(`${name} ${done}/${total}${left}${run}\n`);
    },
    stop() {},
  };
}

function describeRun({ id, status, evaluations, seconds }: RunLine): string {
  const end = evaluations.at(-1);
  const reached =
    end === undefined
      ? ""
      : `, loss ${end.loss.toPrecision(4)}, accuracy ${(100 * end.accuracy).toFixed(1)} %`;
  return `${id} ${status}${reached}, ${seconds.toFixed(1)} s`;
}

function formatLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return `${Math.round(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
