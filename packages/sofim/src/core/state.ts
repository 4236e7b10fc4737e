import { InvalidArgumentError } from "./errors.js";
import type { FloatArray, FloatType } from "./kernels/index.js";
import { checkInteger } from "./options.js";

/**
 * Everything that `Sofim` carries from step to step: a plain object that `structuredClone`, `postMessage` and
 * `node:v8` serialization take as it is. Options are not part of it; construct the optimizer with the same ones.
 */
export interface SofimState {
  /** First moment M, before bias correction; as long as the weights. */
  readonly moment: FloatArray;
  /** Bias-correction weight d in [0, 1): the moving average of ones. Mh = M / d. */
  readonly momentWeight: number;
  /** Steps taken, skipped ones not counted. */
  readonly steps: number;
  /** Steps skipped because the gradient was not finite. */
  readonly skippedSteps: number;
}

/** Names the float type of an array, whichever realm made it; undefined if it is not a float array. */
export function floatTypeOf(value: unknown): FloatType | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  const tag = (value as Partial<FloatArray>)[Symbol.toStringTag] as string | undefined;
  if (tag === "Float32Array") return "float32";
  return tag === "Float64Array" ? "float64" : undefined;
}

/** Returns `value` if it is a float array of the given type and length; throws otherwise. */
export function checkFloatArray(
  argument: string,
  value: unknown,
  floatType: FloatType,
  length: number,
): FloatArray {
  if (floatTypeOf(value) !== floatType || (value as FloatArray).length !== length) {
    const name = floatType === "float32" ? "Float32Array" : "Float64Array";
    throw new InvalidArgumentError(argument, value, `a ${name} of length ${length}`);
  }
  return value as FloatArray;
}

/** Returns `value` if it is a state that fits; throws otherwise. */
export function checkState(value: unknown, floatType: FloatType, length: number): SofimState {
  if (typeof value !== "object" || value === null) {
    throw new InvalidArgumentError("state", value, "an object that state() returned");
  }
  const { moment, momentWeight, steps, skippedSteps } = value as Partial<Record<keyof SofimState, unknown>>;
  const checked = checkFloatArray("state.moment", moment, floatType, length);
  const at = checked.findIndex((x) => !Number.isFinite(x));
  if (at >= 0) throw new InvalidArgumentError(`state.moment[${at}]`, checked[at], "a finite number");
  if (typeof momentWeight !== "number" || !(momentWeight >= 0 && momentWeight <= 1)) {
    throw new InvalidArgumentError("state.momentWeight", momentWeight, "a number in [0, 1]");
  }
  return {
    moment: checked,
    momentWeight,
    steps: checkInteger("state.steps", steps, 0),
    skippedSteps: checkInteger("state.skippedSteps", skippedSteps, 0),
  };
}
