import { InvalidArgumentError } from "../core/errors.js";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import {
  checkDecayRate,
  checkDirection,
  checkNonNegative,
  checkPositive,
  type Direction,
  sofimDefaults,
} from "../core/options.js";

/**
 * How the variables form the blocks of the Fisher matrix: all in one, one per variable, or by a key that a function
 * makes of a variable's name.
 */
export type VariableBlocks = "global" | "tensor" | ((variableName: string) => string);

/** Options of `SofimOptimizer`. */
export interface SofimOptimizerOptions {
  /** Step size eta, finite and >= 0. Default 0.13. */
  readonly learningRate?: number;
  /** Decay rate of the first moment, in [0, 1). Default 0.9. */
  readonly beta?: number;
  /** Regularization of the Fisher matrix, finite and > 0, in squared gradient units. Default 0.075. */
  readonly rho?: number;
  /** Decoupled weight decay lambda, finite and >= 0. Default 0. */
  readonly weightDecay?: number;
  /** Vector that the inverse Fisher matrix is applied to. Default `"moment"`. */
  readonly direction?: Direction;
  /** `"global"` (default), `"tensor"`, or a function from variable name to key: variables of one key share a norm. */
  readonly blocks?: VariableBlocks;
  /** Largest norm of the gradient over all variables, finite and > 0; a longer one is shortened. Default: no limit. */
  readonly clipByGlobalNorm?: number;
  /** Leave out, and count, steps whose gradient holds NaN or infinity. Default false. */
  readonly skipNonFinite?: boolean;
}

/** The options with defaults filled in; null stands for "no limit". */
export interface CheckedOptions {
  readonly learningRate: number;
  readonly beta: number;
  readonly rho: number;
  readonly weightDecay: number;
  readonly direction: Direction;
  readonly blocks: VariableBlocks;
  readonly clipByGlobalNorm: number | null;
  readonly skipNonFinite: boolean;
}

const optionNames: OptionNames<SofimOptimizerOptions> = {
  learningRate: "optional",
  beta: "optional",
  rho: "optional",
  weightDecay: "optional",
  direction: "optional",
  blocks: "optional",
  clipByGlobalNorm: "optional",
  skipNonFinite: "optional",
};

/** Fills in the defaults. @throws InvalidArgumentError for an option that is unknown or out of range. */
export function checkOptions(options: SofimOptimizerOptions): CheckedOptions {
  const given: { readonly [K in keyof SofimOptimizerOptions]: unknown } = checkOptionNames(
    options,
    optionNames,
  );
  const clip = given.clipByGlobalNorm ?? null;
  return {
    learningRate: checkNonNegative("learningRate", given.learningRate ?? sofimDefaults.learningRate),
    beta: checkDecayRate("beta", given.beta ?? sofimDefaults.beta),
    rho: checkPositive("rho", given.rho ?? sofimDefaults.rho),
    weightDecay: checkNonNegative("weightDecay", given.weightDecay ?? sofimDefaults.weightDecay),
    direction: checkDirection(given.direction ?? sofimDefaults.direction),
    blocks: checkBlocks(given.blocks ?? sofimDefaults.blocks),
    clipByGlobalNorm: clip === null ? null : checkPositive("clipByGlobalNorm", clip),
    skipNonFinite: checkBoolean("skipNonFinite", given.skipNonFinite ?? false),
  };
}

function checkBlocks(value: unknown): VariableBlocks {
  if (value === "global" || value === "tensor") return value;
  if (typeof value === "function") return value as (variableName: string) => string;
  throw new InvalidArgumentError(
    "blocks",
    value,
    '"global", "tensor" or a function from variable name to key',
  );
}

function checkBoolean(argument: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new InvalidArgumentError(argument, value, "true or false");
  return value;
}
