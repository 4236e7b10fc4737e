/** Forms of lowered primitives that are refused, each with a function that has it. */
import { lax, numpy as np } from "@jax-js/jax";
import type { Primitive } from "../../../src/ort/jaxpr.js";
import { booleans, type Case, floats, integers } from "./case.js";

export interface RefusedForm extends Pick<Case, "fn" | "args"> {
  readonly primitive: Primitive;
  readonly form: string;
  readonly message: RegExp;
}

export const refusedForms: readonly RefusedForm[] = [
  {
    primitive: "neg",
    form: "booleans",
    fn: (x: np.Array) => np.negative(x),
    args: [booleans([2])],
    message: /bool\[2\].*no opposite number/,
  },
  {
    primitive: "cast",
    form: "to or from float16",
    fn: (x: np.Array) => np.exp(x.astype(np.float16)).astype(np.float32),
    args: [floats([2])],
    message: /float32\[2\].*float16/,
  },
  {
    primitive: "cholesky",
    form: "a matrix of integers",
    fn: (x: np.Array) => np.linalg.cholesky(x, { symmetrizeInput: false }),
    args: [integers([2, 2], 1, 5)],
    message: /int32\[2,2\].*no integers/,
  },
  {
    primitive: "lu",
    form: "a matrix of integers",
    fn: (x: np.Array) => np.linalg.det(x),
    args: [integers([2, 2], 1, 5)],
    message: /int32\[2,2\].*no integers/,
  },
  {
    primitive: "triangular_solve",
    form: "a matrix of integers",
    fn: (a: np.Array, b: np.Array) => lax.linalg.triangularSolve(a, b, { leftSide: true }),
    args: [integers([2, 2], 1, 5), integers([2, 1], 1, 5)],
    message: /int32\[2,2\].*no integers/,
  },
];
