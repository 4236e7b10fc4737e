import type { MethodName } from "../../src/experiment/methods.js";
import { RunPlan, type RunSpec } from "../../src/experiment/plan.js";
import type { Protocol } from "../../src/experiment/protocol.js";
import type { Results } from "../../src/experiment/results-file.js";
import type { RunEvaluation, RunLine } from "../../src/experiment/run-line.js";
import { madeUpLine } from "./made-up-lines.js";

export const seeds = [101, 102, 103, 104, 105] as const;

/** Two workloads, one of them with an ablation more; one trial each. */
export const madeUpProtocol: Protocol = {
  name: "made-up",
  title: "Made-up <runs>",
  workloads: [
    madeUpBudget("mnist-logreg", ["sofim", "sgd", "adam"]),
    madeUpBudget("glyphs-lenet5", ["sofim", "sgd", "adam", "momentOnly"]),
  ],
  trials: 2,
  tuningSeed: 1,
  reportingSeeds: seeds,
  reference: "sgd",
  subject: "sofim",
};

function madeUpBudget(workload: string, methods: readonly MethodName[]) {
  const images = { trainImages: 1280, validationImages: 128, testImages: 128 };
  return { workload, ...images, epochs: 5, evaluateEvery: 10, methods };
}

/**
 * The results of a protocol by what `describe` says of each reporting run: the step at which it reaches the values that
 * SGD is given to reach, and changes to its line.
 */
export function madeUpResults(
  describe: (spec: RunSpec) => { readonly reachedAt: number; readonly given?: Partial<RunLine> },
  protocol: Protocol = madeUpProtocol,
): Results {
  const plan = new RunPlan(protocol, []);
  const runs: RunLine[] = [];
  for (let spec = plan.take(); spec !== undefined; spec = plan.take()) {
    const line = spec.phase === "tuning" ? madeUpLine(spec, 0.2 * spec.trial) : reportingLine(spec, describe);
    runs.push(line);
    plan.finish(line);
  }
  return { protocol, runs, wholeBytes: 0, cutOff: false };
}

function reportingLine(spec: RunSpec, describe: Parameters<typeof madeUpResults>[0]): RunLine {
  const { reachedAt, given = {} } = describe(spec);
  return madeUpLine(spec, 0, {
    steps: 50,
    stepsPerEpoch: 10,
    evaluations: madeUpEvaluations(reachedAt),
    ...given,
  });
}

/** Evaluations every 10 of 50 steps, a tenth of a second each, at goal from step `reachedAt` on. */
export function madeUpEvaluations(reachedAt: number): RunEvaluation[] {
  return [10, 20, 30, 40, 50].map((step) => {
    const seconds = step / 10;
    return step >= reachedAt
      ? { step, seconds, trainLoss: 0.1, loss: 0.2, accuracy: 0.9 }
      : { step, seconds, trainLoss: 1, loss: 2, accuracy: 0.5 };
  });
}
