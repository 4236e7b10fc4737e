import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { InvalidArgumentError } from "sofim/core";
import { DATASET_NAMES, type DatasetName } from "../data/dataset.js";
import { type Download, downloadDataset } from "../data/download.js";
import { DataError } from "../data/errors.js";
import { defaultDataDir } from "../data/paths.js";
import { SOURCES, type SourceFile } from "../data/sources.js";
import { type FileStatus, type SplitReport, type VerifyReport, verifyDataset } from "../data/verify.js";
import { interruptedExitCode, withInterrupt } from "./interrupt.js";

interface DataFlags {
  readonly dataDir?: string;
  readonly json?: true;
}

/** Adds `sofim data` with its subcommands `list`, `download` and `verify`. */
export function registerDataCommand(program: Command): void {
  const data = program.command("data").description("list, download and verify the data sets");
  data
    .command("list")
    .description("list the data sets")
    .option("--json", "print the list as one line of JSON on stdout, all else on stderr")
    .action(listDatasets);
  addCommonOptions(data.command("download"))
    .description("download a data set's official files, continuing where an earlier download ended")
    .action(download);
  addCommonOptions(data.command("verify"))
    .description("read a whole data set and compare it with the official one")
    .addHelpText(
      "after",
      "\nExit code: 0 if the data is usable, official or not; 2 if it is missing or damaged.",
    )
    .action(verify);
}

function addCommonOptions(command: Command): Command {
  return command
    .argument("<name>", `one of ${DATASET_NAMES.join(", ")}`, parseName)
    .option("--data-dir <folder>", "where the data sets are (default: $SOFIM_DATA_DIR or the user's cache)")
    .option("--json", "print the result as one line of JSON on stdout, all else on stderr");
}

function parseName(text: string): DatasetName {
  const name = DATASET_NAMES.find((known) => known === text);
  if (name === undefined)
    throw new InvalidArgumentError("data set", text, `one of ${DATASET_NAMES.join(", ")}`);
  return name;
}

function listDatasets(flags: DataFlags): void {
  const list = DATASET_NAMES.map((name) => {
    const { title, trainCount, testCount, files } = SOURCES[name];
    return { name, title, trainCount, testCount, downloadBytes: totalBytes(files) };
  });
  const lines = list.map(({ name, title, trainCount, testCount, downloadBytes }) => {
    const size = downloadBytes === 0 ? "no download" : `${megabytes(downloadBytes)} to download`;
    return `${name.padEnd(14)} ${title}: ${trainCount} + ${testCount} images, ${size}`;
  });
  print(flags, lines, list);
}

async function download(name: DatasetName, flags: DataFlags): Promise<void> {
  const dataDir = flags.dataDir ?? defaultDataDir();
  const bar = new SingleBar({
    format: "{file} [{bar}] {percentage}% of {size} | {eta_formatted} left",
    stream: process.stderr,
    barsize: 24,
    hideCursor: true,
  });
  let shown: SourceFile | undefined;
  const onProgress = (file: SourceFile, received: number): void => {
    if (!process.stderr.isTTY) return;
    if (file !== shown) bar.start(file.bytes, received, { file: file.name, size: megabytes(file.bytes) });
    shown = file;
    bar.update(received);
  };
  try {
    const files = await withInterrupt((signal) => downloadDataset(name, dataDir, { signal, onProgress }));
    bar.stop();
    print(flags, describeDownloads(name, files), { name, dataDir, files });
  } catch (error) {
    if ((error as Error).name !== "AbortError") throw error;
    process.stderr.write("stopped; the same command goes on from here\n");
    process.exitCode = interruptedExitCode;
  } finally {
    bar.stop();
  }
}

function describeDownloads(name: DatasetName, files: readonly Download[]): string[] {
  if (files.length === 0) return [`${name}: drawn by this program, nothing to download`];
  return files.map(({ path, bytes, outcome }) =>
    outcome === "present" ? `already there: ${path}` : `downloaded ${megabytes(bytes)}: ${path}`,
  );
}

async function verify(name: DatasetName, flags: DataFlags): Promise<void> {
  const dataDir = flags.dataDir ?? defaultDataDir();
  try {
    const report = await verifyDataset(name, dataDir);
    print(flags, describeReport(report), { usable: true, ...report });
  } catch (error) {
    if (flags.json && error instanceof DataError) {
      process.stdout.write(`${JSON.stringify({ name, usable: false, error: error.message })}\n`);
    }
    throw error;
  }
}

const STATUS_TEXT: Readonly<Record<FileStatus, string>> = {
  official: "the official file",
  repacked: "packed differently, the content is official",
  unofficial: "NOT the official content",
  unknown: "no official checksum on record for the unpacked file",
};

function describeReport(report: VerifyReport): string[] {
  const lines = report.files.map(
    ({ path, status, sha256 }) => `${path}: ${STATUS_TEXT[status]} (SHA-256 ${sha256})`,
  );
  if (!report.official) {
    lines.push(
      "The checksums do not show the official data; the content parses and is complete, so it can be used.",
    );
  }
  lines.push(...describeSplit("train", report.train, report.classNames));
  lines.push(...describeSplit("test", report.test, report.classNames));
  return lines;
}

function describeSplit(
  split: string,
  { count, perClass }: SplitReport,
  classNames: readonly string[],
): string[] {
  const classes = perClass.map((images, label) => `${classNames[label]} ${images}`);
  return [`${split}: ${count} images`, `  ${classes.join(", ")}`];
}

/** Lines for people on stdout; with `--json` they go to stderr and one line of JSON takes their place. */
function print(flags: DataFlags, lines: readonly string[], result: unknown): void {
  const text = lines.map((line) => `${line}\n`).join("");
  (flags.json ? process.stderr : process.stdout).write(text);
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

function totalBytes(files: readonly SourceFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
