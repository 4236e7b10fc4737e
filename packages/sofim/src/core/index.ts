export type { BlockDiagnostics } from "./block.js";
export { InvalidArgumentError, SofimError, TreeMismatchError } from "./errors.js";
export type { FloatArray, FloatType } from "./kernels/index.js";
export {
  type Differentiable,
  type LbfgsProgress,
  type LbfgsResult,
  type LbfgsStatus,
  lbfgsDefaults,
  type MinimizeLbfgsOptions,
  minimizeLbfgs,
  type ValueAndGradient,
} from "./lbfgs/minimize.js";
export { type Direction, type SofimOptions, sofimDefaults } from "./options.js";
export { Sofim, type SofimDiagnostics } from "./sofim.js";
export type { SofimState, WindowState } from "./state.js";
