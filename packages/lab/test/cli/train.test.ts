import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

const glyphs = ["train", "--workload", "glyphs-lenet5", "--threads", "1"];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sofim-cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

function lastLine(text: string): Record<string, unknown> {
  return JSON.parse(text.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
}

describe("sofim train", () => {
  it("prints one line of JSON on stdout, all else on stderr, and writes the whole run", async () => {
    const args = [...glyphs, "--epochs", "1", "--seed", "1", "--rho", "0.2", "--schedule", "cosine"];
    const { code, stdout, stderr } = await runCli([...args, "--json", "--out", "run.json"], { cwd: folder });
    expect(code, stderr).toBe(0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
    const summary = lastLine(stdout);
    expect(summary).toMatchObject({
      workload: "glyphs-lenet5",
      optimizer: "sofim",
      status: "completed",
      seed: 1,
      steps: 78,
      device: "cpu",
      threads: 1,
      options: { rho: 0.2, schedule: "cosine" },
    });
    for (const name of [
      "testAccuracy",
      "testLoss",
      "trainLoss",
      "seconds",
      "evalSeconds",
      "compileSeconds",
    ]) {
      expect(summary[name], name).toBeGreaterThan(0);
    }
    expect(summary.testAccuracy).toBeLessThanOrEqual(1);
    expect(stderr).toContain("epoch 1/1: train loss");
    expect(stderr).toContain("test accuracy");

    const whole = JSON.parse(await readFile(join(folder, "run.json"), "utf8"));
    expect(whole).toMatchObject(summary);
    expect(whole.losses).toHaveLength(78);
    expect(whole.stepSeconds).toHaveLength(78);
    expect(await readdir(folder)).toEqual(["run.json"]);
  });

  it("ends with 130 on Ctrl-C and reports what it had reached", async () => {
    const { code, stdout, stderr } = await runCli([...glyphs, "--epochs", "1000", "--json"], {
      interruptAt: "epoch 1/1000",
    });
    expect(code, stderr).toBe(130);
    const summary = lastLine(stdout);
    expect(summary).toMatchObject({ status: "aborted" });
    expect(summary.steps).toBeGreaterThanOrEqual(78);
    expect(summary.testAccuracy).toBeGreaterThan(0);
  });

  it("ends with 1 when the run diverged, and prints null for what has no value", async () => {
    const { code, stdout } = await runCli([
      ...glyphs,
      "--optimizer",
      "sgd",
      "--learning-rate",
      "1e30",
      "--json",
    ]);
    expect(code).toBe(1);
    expect(lastLine(stdout)).toMatchObject({ status: "diverged", testAccuracy: null });
  });

  it.each<[string, string[], string]>([
    [
      "an unknown workload",
      ["train", "--workload", "mnist-vgg"],
      'sofim: workload: got "mnist-vgg", want one of glyphs-lenet5, mnist-logreg,',
    ],
    [
      "an unknown optimizer",
      [...glyphs, "--optimizer", "kfac"],
      'sofim: optimizer: got "kfac", want one of sofim, sgd, adam, adamw',
    ],
    ["a rho of 0", [...glyphs, "--rho", "0"], "sofim: rho: got 0, want"],
    ["a beta of 1", [...glyphs, "--beta", "1"], "sofim: beta: got 1, want"],
    ["NaN for a number", [...glyphs, "--rho", "NaN"], 'sofim: --rho: got "NaN", want a finite number'],
    [
      "an option of another optimizer",
      [...glyphs, "--momentum", "0.9"],
      'sofim: SOFIM option: got "momentum", want one of',
    ],
    [
      "diagnostics that nothing would print",
      [...glyphs, "--diagnostics"],
      "sofim: --diagnostics: got true, want --log-every beside it",
    ],
    [
      "no epochs",
      [...glyphs, "--epochs", "0"],
      'sofim: --epochs: got "0", want a whole number of at least 1',
    ],
    ["an option that does not exist", [...glyphs, "--rhoo", "1"], "error: unknown option '--rhoo'"],
    ["no workload", ["train"], "error: required option '--workload <name>' not specified"],
    [
      "a folder that does not exist for --out",
      [...glyphs, "--out", "a/b/c.json"],
      'sofim: --out: got "a/b/c.json", want',
    ],
    [
      "data that is not there",
      ["train", "--workload", "mnist-lenet5", "--data-dir", "nowhere"],
      "sofim data download mnist",
    ],
  ])("refuses %s in one message with exit code 2, and writes nothing", async (_, args, message) => {
    const out = args.includes("--out") ? [] : ["--out", "run.json"];
    const { code, stdout, stderr } = await runCli([...args, ...out, "--json"], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
    expect(await readdir(folder)).toEqual([]);
  });

  it("shows the stack when asked to", async () => {
    const { code, stderr } = await runCli(["train", "--workload", "mnist-vgg", "--debug"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/\n\s+at .*workloads/);
  });
});
