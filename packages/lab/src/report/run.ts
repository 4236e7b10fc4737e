import type { TrainResult } from "../train/result.js";
import type { TargetScores } from "../train/score.js";

/** A run as tables and pages show it: what it was called, what came of it, how it scored. */
export interface ReportedRun {
  /** Name of the method as readers know it, such as "SGD with momentum". */
  readonly title: string;
  readonly result: TrainResult;
  readonly scores: TargetScores;
}
