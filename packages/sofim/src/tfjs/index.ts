export { InvalidArgumentError, SofimError } from "../core/errors.js";
export type { Direction } from "../core/options.js";
export type { SofimOptimizerOptions, VariableBlocks } from "./options.js";
export { type ScheduleCallback, type ScheduledOptimizer, scheduleLearningRate } from "./schedule.js";
export { SofimOptimizer, sofim } from "./sofim-optimizer.js";
