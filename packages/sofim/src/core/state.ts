import { InvalidArgumentError } from "./errors.js";
import type { FloatArray, FloatType } from "./kernels/index.js";
import { checkInteger } from "./options.js";

/**
 * Everything that `Sofim` carries from step to step: a plain object that `structuredClone`, `postMessage` and
 * `node:v8` serialization take as it is. Options are not part of it; construct the optimizer with the same ones.
 */
export interface SofimState {
  /**
   * First moment M, before bias correction; as long as the weights. With a window: what gradients that have left it
   * contribute to M, in float64.
   */
  readonly moment: FloatArray;
  /** Present with a window. */
  readonly window?: WindowState;
  /** Bias-correction weight d in [0, 1): the moving average of ones. Mh = M / d. */
  readonly momentWeight: number;
  /** Steps taken, skipped ones not counted. */
  readonly steps: number;
  /** Steps skipped because the gradient was not finite. */
  readonly skippedSteps: number;
}

/** The gradients in a window of length k, newest first, and what is known about them. */
export interface WindowState {
  /** Gradients in the window; the arrays behind them have no meaning. */
  readonly filled: number;
  /** k arrays as long as the weights. */
  readonly gradients: readonly FloatArray[];
  /** Share of each gradient in M, [k]. */
  readonly shares: Float64Array;
  /** Power of two that each gradient is multiplied by in the inner products, [k]. */
  readonly scales: Float64Array;
  /** Inner products of the scaled gradients with each other, [k k]. */
  readonly gram: Float64Array;
  /** Inner products of the scaled gradients with `moment`, [k]. */
  readonly tailProducts: Float64Array;
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

/** What a state has to fit. */
export interface StateShape {
  readonly dtype: FloatType;
  readonly size: number;
  /** Undefined without a window. */
  readonly window: number | undefined;
}

/** Returns `value` if it is a state that fits; throws otherwise. */
export function checkState(value: unknown, { dtype, size, window }: StateShape): SofimState {
  const { moment, momentWeight, steps, skippedSteps, ...rest } = fieldsOf("state", value);
  if (typeof momentWeight !== "number" || !(momentWeight >= 0 && momentWeight <= 1)) {
    throw new InvalidArgumentError("state.momentWeight", momentWeight, "a number in [0, 1]");
  }
  if (window === undefined && rest.window !== undefined) {
    throw new InvalidArgumentError("state.window", rest.window, "none, as this optimizer has no window");
  }
  return {
    moment: checkFinite("state.moment", moment, window === undefined ? dtype : "float64", size),
    momentWeight,
    steps: checkInteger("state.steps", steps, 0),
    skippedSteps: checkInteger("state.skippedSteps", skippedSteps, 0),
    ...(window !== undefined && { window: checkWindow(rest.window, dtype, size, window) }),
  };
}

function checkWindow(value: unknown, dtype: FloatType, size: number, length: number): WindowState {
  const fields = fieldsOf("state.window", value);
  const { filled, gradients } = fields;
  if (checkInteger("state.window.filled", filled, 0) > length) {
    throw new InvalidArgumentError("state.window.filled", filled, `at most the window's length, ${length}`);
  }
  if (!Array.isArray(gradients) || gradients.length !== length) {
    throw new InvalidArgumentError("state.window.gradients", gradients, `an array of length ${length}`);
  }
  const vector = (name: string, count = length) =>
    checkFinite(`state.window.${name}`, fields[name], "float64", count) as Float64Array;
  return {
    filled: filled as number,
    gradients: gradients.map((x, j) => checkFinite(`state.window.gradients[${j}]`, x, dtype, size)),
    shares: vector("shares"),
    scales: vector("scales"),
    gram: vector("gram", length * length),
    tailProducts: vector("tailProducts"),
  };
}

function fieldsOf(argument: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new InvalidArgumentError(argument, value, "an object that state() of such an optimizer returned");
}

function checkFinite(argument: string, value: unknown, floatType: FloatType, length: number): FloatArray {
  const checked = checkFloatArray(argument, value, floatType, length);
  const at = checked.findIndex((x) => !Number.isFinite(x));
  if (at >= 0) throw new InvalidArgumentError(`${argument}[${at}]`, checked[at], "a finite number");
  return checked;
}
