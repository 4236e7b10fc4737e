export type { Evaluation, RunStatus, TrainResult } from "./result.js";
export { scoreTargets, type TargetScore, type TargetScores } from "./score.js";
export { type StepLog, type StepReport, type TrainObserver, type TrainOptions, train } from "./train.js";
