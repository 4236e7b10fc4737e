export {
  findOptimizer,
  type OptimizerDefinition,
  type OptimizerName,
  type OptimizerOptions,
  optimizerNames,
  optimizers,
} from "./optimizers.js";
export type { OptionSpec, OptionSpecs, OptionValue } from "./option-specs.js";
export type { Targets, Workload } from "./workload.js";
export { findWorkload, workloads } from "./workloads.js";
