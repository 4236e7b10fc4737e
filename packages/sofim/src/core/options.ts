import { InvalidArgumentError } from "./errors.js";
import type { FloatType } from "./kernels/index.js";
import type { OptionNames } from "./option-names.js";

/** Which vector the inverse Fisher matrix is applied to: the bias-corrected moment, or the gradient itself. */
export type Direction = "moment" | "gradient";

/** Options of `Sofim`; `sofimDefaults` holds the defaults. */
export interface SofimOptions {
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
  /** `"global"` (default), or the lengths of consecutive blocks that sum to the size: one norm per block. */
  readonly blocks?: "global" | readonly number[];
  /**
   * Build the Fisher matrix of the last so many gradients, an integer >= 1, and not of the moment; 32 is a good length,
   * and below 16 it can diverge. Such a matrix is global and applied to the moment, so that `blocks` and `direction` stay at their defaults. Default: none.
   */
  readonly window?: number | undefined;
  /** Element type of weights, gradient and moment. Default `"float32"`. */
  readonly dtype?: FloatType;
}

/** The options' names, for `checkOptionNames`. */
export const sofimOptionNames: OptionNames<SofimOptions> = {
  learningRate: "optional",
  beta: "optional",
  rho: "optional",
  weightDecay: "optional",
  direction: "optional",
  blocks: "optional",
  window: "optional",
  dtype: "optional",
};

/** The values used where an option is left out; docs/tuning.md says where they come from. The only place where they stand. */
export const sofimDefaults = Object.freeze({
  learningRate: 0.13,
  beta: 0.9,
  rho: 0.075,
  weightDecay: 0,
  direction: "moment",
  blocks: "global",
} as const);

function checkNumber(
  argument: string,
  value: unknown,
  expected: string,
  fits: (value: number) => boolean,
): number {
  if (typeof value !== "number" || !fits(value)) throw new InvalidArgumentError(argument, value, expected);
  return value;
}

/** Returns `value` if it is a finite number >= 0 (learning rate, weight decay); throws otherwise. */
export function checkNonNegative(argument: string, value: unknown): number {
  return checkNumber(argument, value, "a finite number >= 0", (x) => Number.isFinite(x) && x >= 0);
}

/** Returns `value` if it is a finite number > 0 (rho, epsilon, a norm); throws otherwise. */
export function checkPositive(argument: string, value: unknown): number {
  return checkNumber(argument, value, "a finite number > 0", (x) => Number.isFinite(x) && x > 0);
}

/** Returns `value` if it is a decay rate, a number in [0, 1) (beta, momentum); throws otherwise. */
export function checkDecayRate(argument: string, value: unknown): number {
  return checkNumber(argument, value, "a number in [0, 1)", (x) => x >= 0 && x < 1);
}

/** Returns `value` if it is an integer >= `least`; throws otherwise. */
export function checkInteger(argument: string, value: unknown, least: number): number {
  return checkNumber(argument, value, `an integer >= ${least}`, (x) => Number.isSafeInteger(x) && x >= least);
}

/** Returns `value` if it is one of `choices`; throws otherwise. */
export function checkChoice<T extends string>(argument: string, value: unknown, choices: readonly T[]): T {
  const choice = choices.find((c) => c === value);
  if (choice === undefined) {
    throw new InvalidArgumentError(argument, value, choices.map((c) => JSON.stringify(c)).join(" or "));
  }
  return choice;
}

/** Returns `value` if it is a direction; throws otherwise. */
export function checkDirection(value: unknown): Direction {
  return checkChoice("direction", value, ["moment", "gradient"]);
}

/**
 * Returns `value` if it is a window's length beside these; throws otherwise.
 *
 * @param hint Added where `blocks` does not fit.
 */
export function checkWindow(
  value: unknown,
  others: { readonly blocks: unknown; readonly direction: Direction },
  hint = "",
): number {
  const length = checkInteger("window", value, 1);
  const { blocks, direction } = others;
  if (blocks !== "global") {
    throw new InvalidArgumentError("blocks", blocks, `"global" where there is a window${hint}`);
  }
  if (direction !== "moment") {
    throw new InvalidArgumentError("direction", direction, '"moment" where there is a window');
  }
  return length;
}

/**
 * Checks a partition of `size` consecutive weights into blocks.
 *
 * @returns the length of every block: `[size]` for `"global"`.
 * @throws InvalidArgumentError unless it is `"global"` or positive lengths that sum to `size`.
 */
export function checkBlockLengths(value: unknown, size: number): readonly number[] {
  if (value === "global") return [size];
  const expected = `"global" or an array of positive block lengths that sum to ${size}`;
  if (!Array.isArray(value)) throw new InvalidArgumentError("blocks", value, expected);
  let sum = 0;
  for (const [i, length] of value.entries()) sum += checkInteger(`blocks[${i}]`, length, 1);
  if (sum !== size) {
    throw new InvalidArgumentError("blocks", value, `${expected} (these sum to ${sum})`);
  }
  return [...value];
}
