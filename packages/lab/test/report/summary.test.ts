import { describe, expect, it } from "vitest";
import { trailingMean } from "../../src/report/curves.js";
import { finalTable, renderTerminalTable, targetTable } from "../../src/report/index.js";
import { formatOptions } from "../../src/report/summary.js";
import { madeUpRun, madeUpWorkload } from "./made-up-runs.js";

const { targets } = madeUpWorkload;

describe("targetTable", () => {
  it("gives steps and seconds to a target, and says when it was not reached", () => {
    const fast = madeUpRun("fast", 30);
    const slow = madeUpRun("slow", 1e6);
    const { headers, rows } = targetTable([fast, slow], targets);
    const step = fast.result.evaluations.find(({ trainLoss }) => trainLoss <= targets.trainLoss)!.step;
    expect(headers[1]).toBe(`train loss ≤ ${targets.trainLoss}`);
    expect(rows[0]![1]).toBe(`${step} steps, ${(step * 0.02).toFixed(2)} s`);
    expect(rows[1]).toEqual(["slow", "not reached", "not reached", "not reached"]);
  });
});

describe("finalTable", () => {
  it("names a run that diverged and prints no value for what it did not reach", () => {
    const run = madeUpRun("wild", 30, { status: "diverged", testLoss: Number.NaN, testAccuracy: Number.NaN });
    const { rows } = finalTable([run]);
    expect(rows[0]![0]).toBe("wild (diverged)");
    expect(rows[0]!.slice(3, 5)).toEqual(["–", "–"]);
  });
});

describe("formatOptions", () => {
  it("names the learning rate and what differs from the optimizer's defaults", () => {
    const options = { learningRate: 0.1, schedule: "cosine", rho: 0.03, beta: 0.9, weightDecay: 0 };
    expect(formatOptions("sofim", options)).toBe("learningRate 0.1, schedule cosine, rho 0.03");
  });
});

describe("renderTerminalTable", () => {
  it("prints every cell", () => {
    const text = renderTerminalTable({
      headers: ["a", "b"],
      rows: [
        ["one", "two"],
        ["three", "four"],
      ],
    });
    for (const cell of ["a", "b", "one", "two", "three", "four"]) expect(text).toContain(cell);
  });
});

describe("trailingMean", () => {
  it("averages each value with the ones before it, as far as the window goes", () => {
    expect(trailingMean([2, 4, 6, 20], 3)).toEqual([2, 3, 4, 10]);
  });

  it("recovers once an infinite value has left the window", () => {
    expect(trailingMean([1, Number.POSITIVE_INFINITY, 3, 5], 2)).toEqual([1, Infinity, Infinity, 4]);
  });
});
