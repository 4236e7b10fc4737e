import { afterAll, describe, expect, it } from "vitest";
import { type MethodName, methods } from "../../src/experiment/methods.js";
import { RunPerformer } from "../../src/experiment/perform-run.js";
import { RunPlan, type RunSpec } from "../../src/experiment/plan.js";
import { type Protocol, protocols } from "../../src/experiment/protocol.js";

const names = Object.keys(methods) as MethodName[];
const budget = {
  ...protocols.smoke.workloads[0]!,
  trainImages: 256,
  validationImages: 64,
  testImages: 64,
  epochs: 2,
  evaluateEvery: 1,
};

/** A run of `method` that ends with the test images. */
function reportingRun(method: MethodName, trial: number, seed: number): RunSpec {
  const protocol: Protocol = {
    ...protocols.smoke,
    workloads: [{ ...budget, methods: [method] }],
    trials: trial,
  };
  const plan = new RunPlan(protocol, []);
  for (let i = 1; i < trial; i++) plan.take();
  return { ...plan.take()!, phase: "reporting", seed };
}

const reusing = new RunPerformer();
afterAll(() => reusing.dispose());

describe("RunPerformer", () => {
  it.each(names)(
    "makes a run of %s with a compiled step that has run before as with a fresh one",
    async (method) => {
      // Trials 1 and 3 have one schedule and other numbers; those with another number of steps to refresh compile anew.
      const specs = [reportingRun(method, 1, 5), reportingRun(method, 3, 6)];
      await reusing.perform(specs[0]!);
      const again = await reusing.perform(specs[1]!);
      const fresh = new RunPerformer();
      const wanted = await fresh.perform(specs[1]!);
      await fresh.dispose();
      const recompiles = specs[0]!.options.every !== specs[1]!.options.every;
      expect(again.compileSeconds > 0).toBe(recompiles);
      expect(wanted.compileSeconds).toBeGreaterThan(0);
      const outcome = ({ evaluations, ...line }: typeof again) => ({
        ...line,
        ...{ seconds: 0, wallSeconds: 0, evalSeconds: 0, compileSeconds: 0, startedAt: "" },
        evaluations: evaluations.map((evaluation) => ({ ...evaluation, seconds: 0 })),
      });
      expect(outcome(again)).toEqual(outcome(wanted));
      expect(again.evaluations).toHaveLength(4);
      expect(new Set(again.evaluations.map(({ loss }) => loss)).size).toBe(4);
    },
  );

  it("moves the learning rate by the schedule among the options", async () => {
    const spec = reportingRun("sgd", 2, 5);
    expect(spec.options.schedule).toBe("constant");
    const constant = await reusing.perform(spec);
    const cosine = await reusing.perform({ ...spec, options: { ...spec.options, schedule: "cosine" } });
    expect(cosine.compileSeconds).toBe(0);
    // The cosine starts at the constant's rate.
    expect(cosine.evaluations[0]!.loss).toBe(constant.evaluations[0]!.loss);
    expect(cosine.evaluations[1]!.loss).not.toBe(constant.evaluations[1]!.loss);
  });

  it("ends a run that diverges and says so", async () => {
    const spec = reportingRun("sgd", 1, 5);
    const line = await reusing.perform({ ...spec, options: { ...spec.options, learningRate: 1e30 } });
    expect(line.status).toBe("diverged");
    expect(line.steps).toBeLessThan(4);
  });

  it("counts Hessian-vector products twice and spreads a refresh over the steps that keep it", async () => {
    const cost = async (method: MethodName) =>
      (await reusing.perform(reportingRun(method, 1, 5))).gradientEquivalents;
    expect(await cost("sgd")).toBe(1);
    expect(await cost("lbfgs")).toBe(2);
    // 8 columns at every 20th step.
    expect(await cost("nysNewton")).toBe(1 + (2 * 8) / 20);
  });

  it("refuses a budget that the data do not have", async () => {
    const spec = reportingRun("sgd", 1, 5);
    const run = (given: Partial<typeof budget>) =>
      reusing.perform({ ...spec, budget: { ...spec.budget, ...given } });
    await expect(run({ trainImages: 9_950 })).rejects.toThrow("9950 training, 64 validation");
    await expect(run({ testImages: 2_001 })).rejects.toThrow("no more than 10000");
  });
});
