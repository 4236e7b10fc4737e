import { DType, numpy as np } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { checkInteger, checkNonNegative, checkPositive } from "../core/options.js";

/**
 * A value that depends on the step count. Takes the number of steps taken so far, a scalar int32 array that it
 * consumes and that may be a tracer, and returns a scalar float32 array.
 */
export type Schedule = (count: np.Array) => np.Array;

/**
 * The same value at every step.
 *
 * @param value Finite and >= 0.
 */
export function constantSchedule(value: number): Schedule {
  checkNonNegative("value", value);
  return (count) => {
    count.dispose();
    return np.array(value, { dtype: DType.Float32 });
  };
}

/**
 * Falls by a factor at given steps: initialValue * factor^k, where k is how many of the boundaries are <= count.
 *
 * @param initialValue Value before the first boundary, finite and >= 0.
 * @param boundaries Step counts, increasing, >= 1.
 * @param factor Finite and > 0; 0.1 is usual.
 */
export function stepSchedule(initialValue: number, boundaries: readonly number[], factor: number): Schedule {
  checkNonNegative("initialValue", initialValue);
  checkPositive("factor", factor);
  const levels = boundaries.map((_, k) => constantSchedule(initialValue * factor ** (k + 1)));
  return joinSchedules([constantSchedule(initialValue), ...levels], boundaries);
}

/**
 * Exponential decay, initialValue * decayRate^(count / decaySteps).
 *
 * @param initialValue Value at count 0, finite and >= 0.
 * @param decaySteps Steps in which the value falls by the factor decayRate, >= 1.
 * @param decayRate Finite and > 0.
 */
export function exponentialDecaySchedule(
  initialValue: number,
  decaySteps: number,
  decayRate: number,
): Schedule {
  checkNonNegative("initialValue", initialValue);
  checkInteger("decaySteps", decaySteps, 1);
  // exp with the logarithm taken in float64: float32 powers of numbers near 1 are off by 1e-3.
  const perStep = Math.log(checkPositive("decayRate", decayRate)) / decaySteps;
  return (count) => np.exp(toFloat(count).mul(perStep)).mul(initialValue);
}

/**
 * Half a cosine from initialValue to finalValue, which it then keeps:
 *
 *     finalValue + (initialValue - finalValue) (1 + cos(pi min(count / decaySteps, 1))) / 2
 *
 * @param initialValue Value at count 0, finite and >= 0.
 * @param decaySteps Steps until finalValue is reached, >= 1.
 * @param finalValue Finite and >= 0. Default 0.
 *
 * @example
 * ```ts
 * import { defaultDevice, init } from "@jax-js/jax";
 * import { cosineDecaySchedule, sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const optimizer = sofim({ learningRate: cosineDecaySchedule(0.1, 1000) });
 * if (typeof optimizer.update !== "function") throw new Error("not a transformation");
 * ```
 *
 * Source: Loshchilov, Hutter, "SGDR", ICLR 2017, equation 5, without restarts.
 */
export function cosineDecaySchedule(initialValue: number, decaySteps: number, finalValue = 0): Schedule {
  checkNonNegative("initialValue", initialValue);
  checkInteger("decaySteps", decaySteps, 1);
  checkNonNegative("finalValue", finalValue);
  return (count) => {
    // (1 + cos 2x) / 2 = cos(x)^2, which keeps its digits near the end and is never negative.
    const cosine = np.cos(fraction(count, decaySteps).mul(Math.PI / 2));
    return cosine.ref
      .mul(cosine)
      .mul(initialValue - finalValue)
      .add(finalValue);
  };
}

/**
 * A straight line from initialValue to peakValue, which it then keeps.
 *
 * @param peakValue Finite and >= 0.
 * @param warmupSteps Steps until peakValue is reached, >= 1.
 * @param initialValue Value at count 0, finite and >= 0. Default 0.
 */
export function linearWarmupSchedule(peakValue: number, warmupSteps: number, initialValue = 0): Schedule {
  checkNonNegative("peakValue", peakValue);
  checkInteger("warmupSteps", warmupSteps, 1);
  checkNonNegative("initialValue", initialValue);
  return (count) =>
    fraction(count, warmupSteps)
      .mul(peakValue - initialValue)
      .add(initialValue);
}

/**
 * One schedule after another. Each counts from 0 at the boundary where it begins.
 *
 * @param schedules At least one.
 * @param boundaries The counts at which the second and later schedules begin: increasing integers >= 1, one fewer than
 * there are schedules.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, numpy as np } from "@jax-js/jax";
 * import { cosineDecaySchedule, joinSchedules, linearWarmupSchedule } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const schedule = joinSchedules([linearWarmupSchedule(0.1, 100), cosineDecaySchedule(0.1, 900)], [100]);
 * const halfway = schedule(np.array(550, { dtype: np.int32 })).item();
 * if (Math.abs(halfway - 0.05) > 1e-6) throw new Error("half of the cosine is half of the peak");
 * ```
 */
export function joinSchedules(schedules: readonly Schedule[], boundaries: readonly number[]): Schedule {
  if (schedules.length === 0) throw new InvalidArgumentError("schedules", schedules, "at least one schedule");
  if (boundaries.length !== schedules.length - 1) {
    throw new InvalidArgumentError("boundaries", boundaries, `${schedules.length - 1} boundaries`);
  }
  boundaries.forEach((boundary, i) => {
    checkInteger(`boundaries[${i}]`, boundary, (boundaries[i - 1] ?? 0) + 1);
  });
  return (count) => {
    let value = schedules[0]!(count.ref);
    boundaries.forEach((boundary, i) => {
      const next = schedules[i + 1]!(count.ref.sub(boundary));
      value = np.where(count.ref.less(boundary), value, next);
    });
    count.dispose();
    return value;
  };
}

function toFloat(count: np.Array): np.Array {
  return count.astype(DType.Float32);
}

/** min(count / steps, 1), and 0 for the negative counts that a joined schedule sees before it begins. */
function fraction(count: np.Array, steps: number): np.Array {
  return np.clip(toFloat(count).div(steps), 0, 1);
}
