export type { StepLog, StepReport, TrainObserver } from "./loop.js";
export type { Evaluation, RunStatus, TrainResult } from "./result.js";
export { scoreTargets, type TargetScore, type TargetScores } from "./score.js";
export { type TrainOptions, train } from "./train.js";
