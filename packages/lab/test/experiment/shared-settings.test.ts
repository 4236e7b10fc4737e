import { describe, expect, it } from "vitest";
import { RunPlan } from "../../src/experiment/plan.js";
import { type Protocol, protocols } from "../../src/experiment/protocol.js";
import type { RunLine } from "../../src/experiment/run-line.js";
import { scoreResults } from "../../src/experiment/score/index.js";
import { rankSharedSettings } from "../../src/experiment/score/shared-settings.js";
import { madeUpLine } from "./made-up-lines.js";

const [glyphs] = protocols.smoke.workloads;
const protocol: Protocol = {
  ...protocols.smoke,
  workloads: [
    { ...glyphs!, methods: ["sofim", "sgd"] },
    { ...glyphs!, workload: "mnist-logreg", methods: ["sofim"] },
  ],
  trials: 3,
};

/** Validation losses of SOFIM's three trials, by workload; undefined where one diverged. */
const losses: Readonly<Record<string, readonly (number | undefined)[]>> = {
  "glyphs-lenet5": [0.1, 0.15, 0.4],
  "mnist-logreg": [undefined, 0.6, 0.3],
};

function tuningLines(count = 6): RunLine[] {
  const plan = new RunPlan(protocol, []);
  const lines: RunLine[] = [];
  for (let spec = plan.take(); spec !== undefined; spec = plan.take()) {
    if (spec.method !== "sofim") continue;
    const loss = losses[spec.budget.workload]![spec.trial - 1];
    lines.push(
      madeUpLine(spec, loss ?? Number.NaN, { status: loss === undefined ? "diverged" : "completed" }),
    );
  }
  return lines.slice(0, count);
}

function rank(runs: readonly RunLine[]) {
  return rankSharedSettings(scoreResults({ protocol, runs, wholeBytes: 0, cutOff: false }), "sofim");
}

describe("rankSharedSettings", () => {
  it("puts first the trial that loses least where it loses most", () => {
    const ranked = rank(tuningLines());
    // Ratios to the best of each workload: 1 and infinite, 1.5 and 2, 4 and 1.
    expect(ranked.map(({ trial, worstRatio }) => [trial, worstRatio])).toEqual([
      [2, 2],
      [3, 4],
      [1, Infinity],
    ]);
    expect([...ranked[0]!.losses]).toEqual([
      ["glyphs-lenet5", 0.15],
      ["mnist-logreg", 0.6],
    ]);
  });

  it("says nothing before all trials are done", () => {
    expect(rank(tuningLines(5))).toEqual([]);
  });
});
