export { InvalidArgumentError, SofimError, TreeMismatchError } from "./errors.js";
export type { FloatArray, FloatType } from "./kernels/index.js";
export { type Direction, sofimDefaults } from "./options.js";
export { type BlockDiagnostics, Sofim, type SofimDiagnostics, type SofimOptions } from "./sofim.js";
export type { SofimState } from "./state.js";
