import type { SummaryTable } from "../report/summary.js";
import { renderTerminalTable } from "../report/terminal-table.js";
import type { Estimate } from "../statistics.js";
import type { DevicesReport } from "./devices-suite.js";
import type { EngineReport } from "./engine-suite.js";
import type { MemoryReport, MemoryTrace } from "./memory-suite.js";
import type { OptimizersReport } from "./optimizer-suite.js";
import type { StepRow } from "./step-rows.js";
import type { Ratio, SecondsVerdict, Verdict } from "./targets.js";
import type { TfjsReport } from "./tfjs-suite.js";
import type { TorchInfo } from "./torch-peer.js";
import type { UpdateReport } from "./update-suite.js";

/** What `sofim bench` measured, one entry per suite and thread count. */
export type SuiteReport =
  | EngineReport
  | DevicesReport
  | OptimizersReport
  | UpdateReport
  | MemoryReport
  | TfjsReport;

/** A report as text for a terminal. */
export function formatReport(report: SuiteReport): string {
  switch (report.suite) {
    case "engine":
      return formatEngine(report);
    case "devices":
      return formatDevices(report);
    case "optimizers":
      return formatOptimizers(report);
    case "update":
      return formatUpdate(report);
    case "memory":
      return formatMemory(report);
    case "tfjs":
      return formatTfjs(report);
  }
}

function formatEngine(report: EngineReport): string {
  const { threads, torch, verdicts, ratios, compile } = report;
  const peer = torch === undefined ? "PyTorch not found: its rows are left out" : formatTorch(torch);
  const heading = `Training step, ${threads} ${threads === 1 ? "thread" : "threads"} each; ${peer}`;
  const scope = threads > 2 ? "(the targets are set for 1 and 2 threads)\n" : "";
  return `${heading}\n${formatSteps(report)}\n${formatVerdicts(verdicts, ratios)}\n${formatSeconds(compile)}${scope}`;
}

function formatDevices(report: DevicesReport): string {
  const { threads, torch, ratios, missing } = report;
  const peer = torch === undefined ? "PyTorch not found" : formatTorch(torch);
  const gpu = torch?.cuda ? `, cuda: ${torch.cuda}, float32 without TF32` : "";
  const heading = `Training step by device, ${threads} ${threads === 1 ? "thread" : "threads"} on CPUs; ${peer}${gpu}`;
  const table = renderTerminalTable({
    headers: ["ratio", "measured (95 % interval)"],
    rows: ratios.map(({ name, measured }) => [name, formatEstimate(measured)]),
  });
  const absent = missing.map(({ name, reason }) => `not here: ${name} (${reason})\n`).join("");
  return `${heading}\n${formatSteps(report)}\n${ratios.length === 0 ? "" : `${table}\n`}${absent}`;
}

function formatSteps({ title, batchSize, rows }: EngineReport | DevicesReport): string {
  const unit = "trace + lower + session, s";
  return renderTerminalTable({
    headers: [`${title} step, batch ${batchSize}`, "ms (median)", "rounds", "loss differs", unit],
    rows: rows.map((row) => [
      row.name,
      row.millisecondsPerStep.toFixed(2),
      String(row.rounds),
      row.lossDifference === undefined ? "" : row.lossDifference.toExponential(0),
      formatCompile(row),
    ]),
  });
}

function formatTorch({ version, blas }: TorchInfo): string {
  const warning = ", which is many times slower than OpenBLAS or MKL: the comparison is not fair";
  return `PyTorch ${version}, BLAS: ${blas}${blas === "reference" ? warning : ""}`;
}

function formatCompile({ compile }: StepRow): string {
  if (compile === undefined) return "";
  const { traceSeconds, lowerSeconds, sessionSeconds } = compile;
  return [traceSeconds, lowerSeconds, sessionSeconds].map((seconds) => seconds.toFixed(2)).join(" + ");
}

function formatOptimizers({ threads, rows }: OptimizersReport): string {
  const table = renderTerminalTable({
    headers: ["optimizer", "gradients", "Hessian products", "ms per step", "relative to sgd (95 % interval)"],
    rows: rows.map((row) => [
      row.name,
      String(row.gradients),
      String(row.products),
      row.millisecondsPerStep.toFixed(1),
      formatEstimate(row.relative),
    ]),
  });
  const title = `LeNet-5 step, batch 128, ${threads} ${threads === 1 ? "thread" : "threads"}, options of mnist-lenet5`;
  return `${title}\n${table}\n`;
}

function formatUpdate({ rows, growth, verdicts }: UpdateReport): string {
  const updates: SummaryTable = {
    headers: ["isolated update", "weights", "ns per weight", "state, bytes per weight"],
    rows: rows.map((row) => [
      `${row.runner}, ${row.update}`,
      row.size.toExponential(),
      row.nanosecondsPerWeight.toFixed(2),
      row.stateBytesPerWeight.toFixed(3),
    ]),
  };
  const exponents: SummaryTable = {
    headers: ["time ~ weights^p", "p"],
    rows: growth.map(({ runner, update, exponent }) => [`${runner}, ${update}`, exponent.toFixed(3)]),
  };
  const tables = `${renderTerminalTable(updates)}\n${renderTerminalTable(exponents)}`;
  return `Update alone, 1 thread, float32\n${tables}\n${formatVerdicts(verdicts)}\n`;
}

function formatTfjs({ version, weights, rows, verdicts }: TfjsReport): string {
  const table = renderTerminalTable({
    headers: ["optimizer's step", "ms (median)"],
    rows: rows.map(({ name, millisecondsPerStep }) => [name, millisecondsPerStep.toFixed(2)]),
  });
  const title = `TensorFlow.js ${version}, ${weights} weights, gradients given, 1 thread`;
  return `${title}\n${table}\n${formatVerdicts(verdicts)}\n`;
}

function formatVerdicts(verdicts: readonly Verdict[], others: readonly Ratio[] = []): string {
  return renderTerminalTable({
    headers: ["ratio", "measured (95 % interval)", "target", ""],
    rows: [
      ...verdicts.map(({ name, measured, met, ...target }) => [
        name,
        formatEstimate(measured),
        formatTarget(target),
        formatMet(met),
      ]),
      ...others.map(({ name, measured }) => [name, formatEstimate(measured), "", ""]),
    ],
  });
}

/** Seconds are no ratio and have no interval: a line of their own. */
function formatSeconds(verdict: SecondsVerdict | undefined): string {
  if (verdict === undefined) return "";
  const { name, seconds, met } = verdict;
  return `${name}: ${seconds.toFixed(2)} s (target: ${formatTarget(verdict)} s, ${formatMet(met)})\n`;
}

function formatTarget({ bound, limit }: Pick<Verdict, "bound" | "limit">): string {
  return `${bound} ${limit}`;
}

function formatMet(met: boolean): string {
  return met ? "met" : "missed";
}

function formatEstimate({ value, low, high }: Estimate): string {
  return `${value.toPrecision(3)} (${low.toPrecision(3)} to ${high.toPrecision(3)})`;
}

function formatMemory({ threads, stateBytes, steps, cycles }: MemoryReport): string {
  const read = `state of ${mebibytes(stateBytes)} MiB read back before each sample`;
  return [
    `Memory of the process, LeNet-5, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    formatTrace(steps, "steps", read),
    formatTrace(cycles, "sessions", "made, stepped and disposed of"),
  ].join("\n");
}

function formatTrace(
  { samples, settled, bytesPerCount, growthBytes }: MemoryTrace,
  unit: string,
  what: string,
) {
  const stride = Math.ceil(samples.length / 10);
  const shown = samples.filter((_, i) => i === 0 || (i + 1) % stride === 0);
  const table = renderTerminalTable({
    headers: [unit, "resident, MiB"],
    rows: shown.map(({ count, residentBytes }) => [String(count), mebibytes(residentBytes)]),
  });
  const growth = `at most ${mebibytes(growthBytes)} MiB above the first sample of these`;
  const slope = `${(bytesPerCount / 1024).toFixed(2)} KiB per ${unit.slice(0, -1)}`;
  return `${table}\n${samples.length} samples, ${what}; after ${settled} ${unit}: ${slope}, ${growth}\n`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
