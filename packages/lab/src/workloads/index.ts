export type { OptimizerDefinition, OptimizerOptions } from "./optimizer-definition.js";
export { findOptimizer, type OptimizerName, optimizerNames, optimizers } from "./optimizers.js";
export type { OptionSpec, OptionSpecs, OptionValue } from "./option-specs.js";
export type { Targets, Workload } from "./workload.js";
export { findWorkload, workloads } from "./workloads.js";
