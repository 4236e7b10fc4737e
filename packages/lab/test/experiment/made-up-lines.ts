import type { RunSpec } from "../../src/experiment/plan.js";
import type { RunLine } from "../../src/experiment/run-line.js";

/** The line of a run that was not made, with the loss it is said to have ended with. */
export function madeUpLine(spec: RunSpec, loss: number, given: Partial<RunLine> = {}): RunLine {
  return {
    kind: "run",
    id: spec.id,
    workload: spec.budget.workload,
    method: spec.method,
    phase: spec.phase,
    trial: spec.trial,
    seed: spec.seed,
    options: spec.options,
    status: "completed",
    steps: 8,
    stepsPerEpoch: 4,
    batchSize: 128,
    gradientEquivalents: 1,
    seconds: 0.5,
    wallSeconds: 0.6,
    evalSeconds: 0.1,
    compileSeconds: 0,
    evaluations: [{ step: 8, seconds: 0.5, trainLoss: loss, loss, accuracy: 0.5 }],
    startedAt: "2026-01-01T00:00:00.000Z",
    machine: "a machine",
    versions: {},
    ...given,
  };
}
