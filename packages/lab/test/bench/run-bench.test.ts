import { beforeAll, describe, expect, it } from "vitest";
import type { EngineReport } from "../../src/bench/engine-suite.js";
import { formatReport, type SuiteReport } from "../../src/bench/format.js";
import { runBench } from "../../src/bench/run-bench.js";
import { findTorch } from "../../src/bench/torch-peer.js";
import { findWorkload, optimizerNames } from "../../src/workloads/index.js";

const haveTorch = findTorch() !== undefined;
if (!haveTorch) console.warn("no python3 with torch: the benchmark is tested without PyTorch's rows");

// Structure and agreement of the losses alone: what the times are is nothing a test can judge.
describe("runBench, quick", () => {
  let reports: SuiteReport[] = [];
  const turns: string[] = [];
  const engineReport = () => reports[0] as EngineReport;

  beforeAll(async () => {
    reports = await runBench({
      suites: ["memory", "update", "engine"],
      threads: [1],
      quick: true,
      onTurn: (contestant) => void turns.push(contestant),
    });
  });

  it("reports each suite, in the same order whatever was asked first", () => {
    expect(reports.map(({ suite }) => suite)).toEqual(["engine", "update", "memory"]);
  });

  it("times the engine, jax-js and, where it is, PyTorch", () => {
    const torch = ["PyTorch, sofim", "PyTorch, sgd momentum", "PyTorch channels-last, sofim"];
    const names = ["engine, sofim", "engine, sgd momentum", "engine, adam", "engine on wasm, sofim"];
    const expected = [...names, ...(haveTorch ? torch : []), "jax-js wasm, sofim"];
    const { rows, threads } = engineReport();
    expect(threads).toBe(1);
    expect(rows.map(({ name }) => name)).toEqual(expected);
    for (const row of rows) expect(row.millisecondsPerStep).toBeGreaterThan(0);
    for (const name of expected) expect(turns).toContain(name);
  });

  it("has every contestant compute the same losses", () => {
    for (const { name, lossDifference, compile } of engineReport().rows) {
      if (compile !== undefined) expect(compile.sessionSeconds).toBeGreaterThan(0);
      // Six steps of float32 on the same weights and batches, in other orders of summation.
      else expect(lossDifference, name).toBeLessThan(1e-4);
    }
  });

  it("sets the targets beside the ratios", () => {
    const names = engineReport().verdicts.map(({ name }) => name);
    expect(names).toContain("engine sofim / sgd momentum");
    expect(names).toContain("jax-js / engine, sofim");
    expect(names.includes("engine / PyTorch, sofim")).toBe(haveTorch);
    for (const { measured } of engineReport().verdicts) {
      expect(measured.low).toBeLessThanOrEqual(measured.value);
      expect(measured.high).toBeGreaterThanOrEqual(measured.value);
    }
  });

  it("measures time and state of each update at each size", () => {
    const report = reports[1];
    if (report?.suite !== "update") throw new Error("no update report");
    expect(report.rows).toHaveLength(2 * (4 + 3)); // two sizes, four loops and three optimizers on the engine
    const state = report.rows.map(
      (row) => [row.runner, row.update, row.size, row.stateBytesPerWeight] as const,
    );
    for (const [runner, update, size, bytes] of state) {
      // One float32 per weight, two for Adam, and O(1): counters and hyperparameters.
      const buffers = update === "adam" ? 8 : 4;
      expect(bytes, `${runner}, ${update}`).toBeGreaterThanOrEqual(buffers);
      expect(bytes, `${runner}, ${update}`).toBeLessThanOrEqual(buffers + 64 / size);
    }
    expect(report.growth).toHaveLength(4 + 3);
    expect(report.verdicts).toHaveLength(2 * (3 + 2));
  });

  it("samples the memory", () => {
    const report = reports[2];
    if (report?.suite !== "memory") throw new Error("no memory report");
    expect(report.samples.map(({ step }) => step)).toEqual([2, 4, 6, 8]);
    for (const { residentBytes } of report.samples) expect(residentBytes).toBeGreaterThan(2 ** 20);
  });

  it("prints every row and every verdict", () => {
    for (const report of reports) {
      const text = formatReport(report);
      if (report.suite === "memory") expect(text).toContain("KiB per step");
      else if ("verdicts" in report) for (const { name } of report.verdicts) expect(text).toContain(name);
    }
    expect(formatReport(engineReport())).toContain("jax-js wasm, sofim");
  });

  it("says so where PyTorch is missing", () => {
    const { torch: _torch, ...without } = engineReport();
    expect(formatReport(without)).toContain("PyTorch not found");
  });
});

describe("the optimizers suite, quick", () => {
  it("counts and times the steps of every optimizer beside SGD's", async () => {
    const [report] = await runBench({ suites: ["optimizers"], threads: [1], quick: true });
    if (report?.suite !== "optimizers") throw new Error("another suite");
    const rows = new Map(report.rows.map((row) => [row.name, row]));
    for (const name of optimizerNames) {
      expect([...rows.keys()].some((label) => label === name || label.startsWith(`${name}, `))).toBe(true);
    }
    expect(rows.get("sgd")).toMatchObject({
      gradients: 1,
      products: 0,
      relative: { value: 1, low: 1, high: 1 },
    });
    expect(rows.get("adahessian")).toMatchObject({ gradients: 1, products: 1 });
    const { columns } = findWorkload("mnist-lenet5").optimizers.nysNewton;
    expect(rows.get("nysNewton, refreshing")).toMatchObject({ gradients: 1, products: columns });
    expect(rows.get("nysNewton, keeping")).toMatchObject({ gradients: 1, products: 0 });
    for (const { millisecondsPerStep } of report.rows) expect(millisecondsPerStep).toBeGreaterThan(0);
    expect(formatReport(report)).toContain("nysNewton, keeping");
  });
});
