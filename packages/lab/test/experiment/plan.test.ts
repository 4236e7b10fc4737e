import { describe, expect, it } from "vitest";
import { RunPlan, type RunSpec } from "../../src/experiment/plan.js";
import { type Protocol, protocols } from "../../src/experiment/protocol.js";
import { madeUpLine } from "./made-up-lines.js";

const protocol: Protocol = {
  ...protocols.smoke,
  workloads: [{ ...protocols.smoke.workloads[0]!, methods: ["sofim", "sgd"] }],
  trials: 3,
};

function takeAll(plan: RunPlan): RunSpec[] {
  const taken: RunSpec[] = [];
  for (let spec = plan.take(); spec !== undefined; spec = plan.take()) taken.push(spec);
  return taken;
}

describe("RunPlan", () => {
  it("opens a method's reporting runs when its last trial is in, with the best trial's options", () => {
    const plan = new RunPlan(protocol, []);
    const trials = takeAll(plan);
    expect(trials.map(({ id }) => id)).toEqual([
      "glyphs-lenet5/sofim/trial-1",
      "glyphs-lenet5/sofim/trial-2",
      "glyphs-lenet5/sofim/trial-3",
      "glyphs-lenet5/sgd/trial-1",
      "glyphs-lenet5/sgd/trial-2",
      "glyphs-lenet5/sgd/trial-3",
    ]);
    const [first, second, third] = trials as [RunSpec, RunSpec, RunSpec];
    plan.finish(madeUpLine(first, 0.9));
    plan.finish(madeUpLine(third, 0.1, { status: "diverged" }));
    expect(plan.take()).toBeUndefined();
    plan.finish(madeUpLine(second, 0.5));
    const reporting = takeAll(plan);
    expect(reporting.map(({ id, seed }) => [id, seed])).toEqual([
      ["glyphs-lenet5/sofim/seed-101", 101],
      ["glyphs-lenet5/sofim/seed-102", 102],
    ]);
    for (const run of reporting) {
      expect(run.options).toEqual(second.options);
      expect(run.trial).toBe(2);
    }
  });

  it("keeps tuning and reporting seeds apart in every protocol", () => {
    for (const { tuningSeed, reportingSeeds } of Object.values<Protocol>(protocols)) {
      expect(reportingSeeds).not.toContain(tuningSeed);
    }
  });

  it("goes on from the runs that are done and gives none out twice", () => {
    const all = takeAll(new RunPlan(protocol, []));
    const done = [madeUpLine(all[1]!, 0.5), madeUpLine(all[3]!, 0.4)];
    const rest = takeAll(new RunPlan(protocol, done));
    const ids = [...done, ...rest].map(({ id }) => id);
    expect(new Set(ids).size).toBe(6);
    expect(ids).toHaveLength(6);
  });

  it("counts what is left, and leaves out the reporting runs of a method whose trials all diverged", () => {
    const plan = new RunPlan(protocol, []);
    expect(plan.total).toBe(10);
    for (const spec of takeAll(plan)) {
      const status = spec.method === "sgd" ? "diverged" : "completed";
      plan.finish(madeUpLine(spec, 0.5, { status }));
    }
    expect(plan.skipped).toBe(2);
    expect(plan.remaining().filter(({ count }) => count > 0)).toEqual([
      { workload: "glyphs-lenet5", method: "sofim", phase: "reporting", count: 2 },
    ]);
    expect(takeAll(plan).map(({ method }) => method)).toEqual(["sofim", "sofim"]);
  });
});
