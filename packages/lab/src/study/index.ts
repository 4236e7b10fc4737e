export {
  type ConvergenceOptions,
  type ConvergenceRun,
  type ConvergenceSettings,
  type ConvergenceStudy,
  convergenceSettings,
  type StageSettings,
  studyConvergence,
} from "./convergence.js";
export type { Optimum } from "./optimum.js";
export type { GapPoint } from "./stages.js";
