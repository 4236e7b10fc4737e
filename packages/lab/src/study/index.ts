export {
  type ConvergenceOptions,
  type ConvergenceRun,
  type ConvergenceSettings,
  type ConvergenceStudy,
  convergenceSettings,
  type GapPoint,
  studyConvergence,
} from "./convergence.js";
