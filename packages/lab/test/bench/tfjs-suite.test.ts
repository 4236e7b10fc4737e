import { describe, expect, it } from "vitest";
import { formatReport } from "../../src/bench/format.js";
import { runTfjsSuite } from "../../src/bench/tfjs-suite.js";

describe("runTfjsSuite", () => {
  it("times the three optimizers on both backends and sets the targets beside the ratios", async () => {
    const turns = new Set<string>();
    const report = await runTfjsSuite({ width: 8, rounds: 2, onTurn: (name) => turns.add(name) });
    const optimizers = ["sofim", "tf.train.momentum", "tf.train.adam"];
    const names = ["cpu", "wasm"].flatMap((backend) => optimizers.map((name) => `${backend}, ${name}`));
    expect(report.rows.map(({ name }) => name)).toEqual(names);
    expect([...turns].sort()).toEqual([...names].sort());
    for (const { millisecondsPerStep } of report.rows) expect(millisecondsPerStep).toBeGreaterThan(0);
    expect(report.weights).toBe(784 * 8 + 8 + 8 * 200 + 200 + 2000 + 10);
    expect(report.verdicts.map(({ name, limit }) => [name, limit])).toEqual([
      ["sofim / cpu, tf.train.momentum", 1.3],
      ["sofim / cpu, tf.train.adam", 1],
      ["sofim / wasm, tf.train.momentum", 1.3],
      ["sofim / wasm, tf.train.adam", 1],
    ]);
    const text = formatReport(report);
    for (const name of names) expect(text).toContain(name);
    expect(text).toMatch(/TensorFlow\.js 4\.\d+\.\d+, 10090 weights/);
  });
});
