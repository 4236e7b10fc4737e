import { beforeAll, describe, expect, it } from "vitest";
import { runDevicesSuite } from "../../src/bench/devices-suite.js";
import { type EngineReport, runEngineSuite } from "../../src/bench/engine-suite.js";
import { formatReport, type SuiteReport } from "../../src/bench/format.js";
import { type EngineNetworkName, engineNetworkNames } from "../../src/bench/networks.js";
import { BenchProblem } from "../../src/bench/problem.js";
import { runBench } from "../../src/bench/run-bench.js";
import { findTorch } from "../../src/bench/torch-peer.js";
import { findWorkload, optimizerNames } from "../../src/workloads/index.js";

const haveTorch = findTorch() !== undefined;
if (!haveTorch) console.warn("no python3 with torch: the benchmark is tested without PyTorch's rows");

const ours = ["engine, sofim", "engine, sgd momentum", "engine, adam"];
const torch = haveTorch ? ["PyTorch, sofim", "PyTorch, sgd momentum"] : [];
const channelsLast = haveTorch ? ["PyTorch channels-last, sofim"] : [];
const contestants = {
  lenet5: [...ours, "engine on wasm, sofim", ...torch, ...channelsLast, "jax-js wasm, sofim"],
  mlp: [...ours, ...torch],
  resnet9: [...ours, ...torch, ...channelsLast],
};

// Structure and agreement of the losses alone: what the times are is nothing a test can judge.
describe("runBench, quick", () => {
  let reports: SuiteReport[] = [];
  const turns: string[] = [];
  const engineReport = (network: EngineNetworkName): EngineReport => {
    const found = reports.find((report) => report.suite === "engine" && report.network === network);
    if (found?.suite !== "engine") throw new Error(`no report of ${network}`);
    return found;
  };

  beforeAll(async () => {
    reports = await runBench({
      suites: ["memory", "update", "engine"],
      threads: [1],
      quick: true,
      onTurn: (contestant) => void turns.push(contestant),
    });
  });

  it("reports each suite and network, in the same order whatever was asked first", () => {
    const order = reports.map((report) => (report.suite === "engine" ? report.network : report.suite));
    expect(order).toEqual([...engineNetworkNames, "update", "memory"]);
  });

  describe.each(engineNetworkNames)("%s", (network) => {
    it("is timed on the engine, where it can be on jax-js and, where that is, on PyTorch", () => {
      const { rows, threads, title } = engineReport(network);
      expect(threads).toBe(1);
      expect(rows.map(({ name }) => name)).toEqual(contestants[network]);
      for (const { name, millisecondsPerStep } of rows) {
        expect(millisecondsPerStep).toBeGreaterThan(0);
        expect(turns).toContain(`${title}: ${name}`);
      }
    });

    it("has the same losses from every contestant", () => {
      const compared = engineReport(network).rows.filter(({ name }) => !ours.includes(name));
      for (const { name, lossDifference } of compared) {
        // Two to six steps of float32 on the same weights and batches, in other orders of summation.
        expect(lossDifference, name).toBeLessThan(1e-4);
      }
    });

    it("is compiled once", () => {
      const compiled = engineReport(network).rows.filter(({ compile }) => compile !== undefined);
      expect(compiled.map(({ name }) => name)).toEqual(
        contestants[network].filter((name) => name.startsWith("engine")),
      );
      for (const { compile } of compiled) {
        expect(compile!.compilations).toBe(1);
        expect(compile!.sessionSeconds).toBeGreaterThan(0);
      }
    });

    it("has its targets beside what was measured", () => {
      const { verdicts, ratios, compile } = engineReport(network);
      const overTorch = network === "lenet5" ? 0.9 : 1;
      const expected = [
        ...(haveTorch
          ? [
              ["engine / PyTorch, sofim", "at most", overTorch],
              ["engine / PyTorch, sgd momentum", "at most", 1],
            ]
          : []),
        ["engine sofim / sgd momentum", "at most", 1.03],
        ...(network === "lenet5"
          ? [
              ["jax-js / engine on wasm, sofim", "at least", 20],
              ["jax-js / engine, sofim", "at least", 30],
            ]
          : []),
      ];
      expect(verdicts.map(({ name, bound, limit }) => [name, bound, limit])).toEqual(expected);
      const untold = haveTorch && network !== "mlp" ? ["engine / PyTorch channels-last, sofim"] : [];
      expect(ratios.map(({ name }) => name)).toEqual(untold);
      for (const { measured } of [...verdicts, ...ratios]) {
        expect(measured.low).toBeLessThanOrEqual(measured.value);
        expect(measured.high).toBeGreaterThanOrEqual(measured.value);
      }
      expect(compile?.limit).toBe({ lenet5: 1, mlp: undefined, resnet9: 5 }[network]);
      if (compile !== undefined) expect(compile.seconds).toBeGreaterThan(0);
    });

    it("is printed whole", () => {
      const report = engineReport(network);
      const text = formatReport(report);
      expect(text).toContain(`${report.title} step, batch ${report.batchSize}`);
      for (const { name } of [...report.rows, ...report.verdicts, ...report.ratios]) {
        expect(text).toContain(name);
      }
      expect(text.includes("trace + lower + session, engine sofim: ")).toBe(network !== "mlp");
    });
  });

  it("measures time and state of each update at each size", () => {
    const report = reports[3];
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
    const report = reports[4];
    if (report?.suite !== "memory") throw new Error("no memory report");
    const { stateBytes, steps, cycles } = report;
    // 61,706 weights and SOFIM's moment, and a few scalars.
    expect(stateBytes).toBeGreaterThan(2 * 4 * 61_706);
    expect(stateBytes).toBeLessThan(2 * 4 * 61_706 + 64);
    expect(steps.samples.map(({ count }) => count)).toEqual([2, 4, 6, 8]);
    expect(cycles.samples.map(({ count }) => count)).toEqual([1, 2, 3, 4]);
    for (const { samples, settled, bytesPerCount, growthBytes } of [steps, cycles]) {
      const bytes = samples.filter(({ count }) => count > settled).map((sample) => sample.residentBytes);
      expect(Math.min(...bytes)).toBeGreaterThan(2 ** 20);
      expect(growthBytes).toBe(Math.max(...bytes) - bytes[0]!);
      expect(Number.isFinite(bytesPerCount)).toBe(true);
    }
    const text = formatReport(report);
    expect(text).toContain("KiB per step");
    expect(text).toContain("KiB per session");
  });

  it("prints every verdict of the update", () => {
    const report = reports[3];
    if (report?.suite !== "update") throw new Error("no update report");
    const text = formatReport(report);
    for (const { name } of report.verdicts) expect(text).toContain(name);
  });
});

describe("runEngineSuite", () => {
  it("leaves out what is not there and says so", async () => {
    const problem = await BenchProblem.create("mlp");
    const plan = { rounds: 1, steps: 1, warmUp: 0, jaxRounds: 0, threads: 2 };
    const report = await runEngineSuite(problem, plan);
    expect(report.rows.map(({ name }) => name)).toEqual(ours);
    expect(report.verdicts.map(({ name }) => name)).toEqual(["engine sofim / sgd momentum"]);
    expect(report).not.toHaveProperty("torch");
    expect(formatReport(report)).toContain("2 threads each; PyTorch not found");
    const slow = { version: "2.0", threads: 2, blas: "reference", cuda: null } as const;
    expect(formatReport({ ...report, torch: slow })).toContain("PyTorch 2.0, BLAS: reference, which is many");
    expect(formatReport(report)).not.toContain("the targets are set");
    expect(formatReport({ ...report, threads: 4 })).toContain("the targets are set for 1 and 2 threads");
  });
});

describe("the devices suite, quick", () => {
  const places = [
    "engine on cpu",
    "engine on webgpu",
    "engine on cuda",
    "PyTorch on cpu",
    "PyTorch on cuda",
  ] as const;
  const both = (place: string) => [`${place}, sofim`, `${place}, sgd momentum`];

  it("times a network wherever it can be, and names each other place with the reason", async () => {
    const [report] = await runBench({ suites: ["devices"], networks: ["mlp"], threads: [1], quick: true });
    if (report?.suite !== "devices") throw new Error("another suite");
    const { rows, missing, ratios } = report;
    const absent = missing.map(({ name }) => name);
    const present = places.filter((place) => !absent.includes(place));
    expect(present).toContain("engine on cpu");
    expect(rows.map(({ name }) => name)).toEqual(present.flatMap(both));
    for (const { name, millisecondsPerStep, lossDifference } of rows) {
      expect(millisecondsPerStep).toBeGreaterThan(0);
      if (name.startsWith("engine on cpu")) expect(lossDifference).toBeUndefined();
      else expect(lossDifference, name).toBeLessThan(1e-4);
    }
    expect(ratios.length > 0).toBe(present.includes("engine on webgpu"));
    const text = formatReport(report);
    for (const { name } of [...rows, ...ratios]) expect(text).toContain(name);
    for (const { name, reason } of missing) expect(text).toContain(`not here: ${name} (${reason})`);
  });

  it("says that PyTorch is not there, and gives those on a CPU fewer rounds where told", async () => {
    const problem = await BenchProblem.create("mlp");
    const plan = { rounds: 3, steps: 2, warmUp: 0, cpuRounds: 1, threads: 1 };
    const { rows, missing, torch } = await runDevicesSuite(problem, plan);
    expect(torch).toBeUndefined();
    expect(missing.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["PyTorch on cpu", "PyTorch on cuda"]),
    );
    for (const { reason } of missing) expect(reason).not.toBe("");
    expect(rows.slice(0, 2).map(({ name, rounds }) => [name, rounds])).toEqual(
      both("engine on cpu").map((name) => [name, 1]),
    );
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
