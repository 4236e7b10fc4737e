import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../data/helpers.js";
import { runCli } from "./run-cli.js";

describe("sofim bench", () => {
  it("times the networks asked for, once each", async () => {
    const args = ["--suite", "engine", "--network", "mlp", "mlp", "--quick", "--threads", "1", "--json"];
    const { code, stdout, stderr } = await runCli(["bench", ...args]);
    expect(code, stderr).toBe(0);
    const { environment, reports } = JSON.parse(stdout);
    expect(environment.cores).toBeGreaterThan(0);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ suite: "engine", network: "mlp", batchSize: 128, threads: 1 });
    expect(stderr).toContain("MLP 784-256-128-10 step, batch 128");
  });

  it.each([[["resnet9-wide"]], [["mlp", "resnet9-wide"]]])(
    "refuses networks that the engine suite does not have: %j",
    async (networks) => {
      const { code, stderr } = await runCli(["bench", "--suite", "engine", "--network", ...networks]);
      expect(code).toBe(2);
      expect(stderr).toContain("want some of the engine suite's: lenet5,mlp,resnet9");
    },
  );

  it.each([
    [
      ["--suite", "smoke", "--quick", "--network", "lenet5", "--threads", "7"],
      'sofim: --suite: got "smoke", want one that takes --network (engine, devices) and one that takes --threads (engine, optimizers, memory) and one that takes --quick (engine, devices, optimizers, update, memory, tfjs)',
    ],
    [
      ["--suite", "update", "memory", "--data-dir", "."],
      'sofim: --suite: got "update memory", want one that takes --data-dir (paper, smoke)',
    ],
    [["--jobs", "2"], "want one that takes --jobs (paper, smoke)"],
    [["--suite", "devices", "--threads", "1"], "want one that takes --threads (engine, optimizers, memory)"],
    [["--suite", "optimizers", "--threads", "1,2"], '--threads: got "1,2", want one thread count'],
    [["--suite", "smoke", "--repeat", "id", "--jobs", "2"], "cannot be used with option '--jobs <n>'"],
  ])("refuses flags that would change nothing: %j", async (flags, message) => {
    const { code, stdout, stderr } = await runCli(["bench", ...flags]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
  });

  it("refuses a network that it does not know and names those that it does", async () => {
    const { code, stdout, stderr } = await runCli(["bench", "--network", "foo"]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(
      "argument 'foo' is invalid. Allowed choices are lenet5, mlp, resnet9, resnet9-wide.",
    );
  });

  it("asks for a place for the results before it times a suite", async () => {
    const out = join(await temporaryFolder(), "taken");
    await writeFile(out, "");
    const { code, stdout, stderr } = await runCli(["bench", "--suite", "engine", "smoke", "--out", out]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(`--out: got "${out}", want a path of folders`);
  });

  it("asks for the data of every workload before it makes a run or times a suite", async () => {
    const folder = await temporaryFolder();
    const args = ["--suite", "engine", "paper", "--out", join(folder, "out"), "--data-dir", folder];
    const { code, stdout, stderr } = await runCli(["bench", ...args]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^sofim: mnist: no data file at .*; get it with: sofim data download mnist .*\n$/);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});
