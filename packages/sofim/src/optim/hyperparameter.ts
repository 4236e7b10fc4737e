import { DType, numpy as np } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import type { Schedule } from "./schedules.js";

/**
 * A number, or a scalar array: one that `injectHyperparams` keeps in the state, for example. Transformations borrow
 * such an array; they neither consume nor dispose it.
 */
export type Hyperparameter = number | np.Array;

/** A hyperparameter, or a function from the step count to its value. */
export type ScalarOrSchedule = Hyperparameter | Schedule;

/** Checks a number with `check`, and that an array is a scalar; its value is not known before it runs. */
export function checkHyperparameter(
  name: string,
  value: Hyperparameter,
  check: (name: string, value: unknown) => number,
): Hyperparameter {
  if (typeof value !== "object" || value === null) return check(name, value);
  if (!("shape" in value) || value.shape.length !== 0) {
    throw new InvalidArgumentError(name, value, "a number or a scalar array");
  }
  return value;
}

/** The same, where a schedule will do as well. */
export function checkScalarOrSchedule(
  name: string,
  value: ScalarOrSchedule,
  check: (name: string, value: unknown) => number,
): ScalarOrSchedule {
  return typeof value === "function" ? value : checkHyperparameter(name, value, check);
}

/**
 * A hyperparameter as a scalar array of `dtype`, to be consumed by one operation. A number is given its dtype here, as
 * jax-js under `jit` rounds plain numbers to float32 even among float64 arrays.
 */
export function operand(value: Hyperparameter, dtype: DType): np.Array {
  return typeof value === "number" ? np.array(value, { dtype }) : cast(value.ref, dtype);
}

/** 1 - value, likewise. Of a number it is taken in float64, exactly where beta >= 0.5. */
export function oneMinus(value: Hyperparameter, dtype: DType): np.Array {
  return typeof value === "number" ? operand(1 - value, dtype) : np.subtract(1, operand(value, dtype));
}

/** The array in another dtype; consumes it. */
export function cast(x: np.Array, dtype: DType): np.Array {
  return x.dtype === dtype ? x : x.astype(dtype);
}

/** The dtype for sums and scalars over these arrays: float64 if one of them is, else float32. */
export function scalarDtype(arrays: readonly np.Array[]): DType {
  return arrays.some((x) => x.dtype === DType.Float64) ? DType.Float64 : DType.Float32;
}

/** beta average + (1 - beta) value; consumes average and value. */
export function movingAverage(average: np.Array, value: np.Array, beta: Hyperparameter): np.Array {
  const { dtype } = average;
  return average.mul(operand(beta, dtype)).add(value.mul(oneMinus(beta, dtype)));
}

/**
 * The weight d that turns a moving average started at zero into a mean: the same average taken of ones. Equal to
 * 1 - beta^t while beta stays the same, right when it changes, and free of the cancellation that 1 - beta^t has in
 * float32. (Float32 rounding keeps it within 4e-7 of the exact value at beta 0.9, and within 5e-5 at 0.999.)
 */
export function nextWeight(weight: np.Array, beta: Hyperparameter): np.Array {
  const { dtype } = weight;
  return weight.mul(operand(beta, dtype)).add(oneMinus(beta, dtype));
}
