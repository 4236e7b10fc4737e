export { InvalidArgumentError, SofimError, TreeMismatchError } from "../core/errors.js";
export { type Direction, sofimDefaults } from "../core/options.js";
export { type AdahessianOptions, adahessian } from "./adahessian.js";
export { type AdamOptions, adam } from "./adam.js";
export { type AdamWOptions, adamw } from "./adamw.js";
export { type AddDecayedWeightsOptions, addDecayedWeights, type DecayMask } from "./add-decayed-weights.js";
export { applyIfFinite } from "./apply-if-finite.js";
export { applyUpdates } from "./apply-updates.js";
export { chain } from "./chain.js";
export { clipByGlobalNorm } from "./clip-by-global-norm.js";
export { currentHyperparams } from "./current-hyperparams.js";
export type { Hyperparameter, ScalarOrSchedule } from "./hyperparameter.js";
export { type InjectedState, injectHyperparams } from "./inject-hyperparams.js";
export { type LbfgsOptions, lbfgs } from "./lbfgs.js";
export { type NysNewtonOptions, nysNewton } from "./nys-newton.js";
export { type LabelOf, type LabelTree, partition } from "./partition.js";
export { type ScaleByAdahessianOptions, scaleByAdahessian } from "./scale-by-adahessian.js";
export { type ScaleByAdamOptions, scaleByAdam } from "./scale-by-adam.js";
export { scaleByLearningRate } from "./scale-by-learning-rate.js";
export { type ScaleByNysNewtonOptions, scaleByNysNewton } from "./scale-by-nys-newton.js";
export { scaleBySchedule } from "./scale-by-schedule.js";
export { type Blocks, type ScaleBySofimOptions, scaleBySofim } from "./scale-by-sofim.js";
export {
  constantSchedule,
  cosineDecaySchedule,
  exponentialDecaySchedule,
  joinSchedules,
  linearWarmupSchedule,
  type Schedule,
  stepSchedule,
} from "./schedules.js";
export { type SgdOptions, sgd } from "./sgd.js";
export { type SofimTransformationOptions, sofim } from "./sofim.js";
export { readSofimDiagnostics, type SofimDiagnostics } from "./sofim-diagnostics.js";
export { type TraceOptions, trace } from "./trace.js";
export {
  type Loss,
  type LossWithAux,
  type TrainingStep,
  type TrainingStepOptions,
  type TrainingStepWithAux,
  trainingStep,
} from "./training-step.js";
export type { ArrayTree, ExtraArgs, GradientTransformation, OptState } from "./transformation.js";
export { formatPath, type LeafPath } from "./tree.js";
