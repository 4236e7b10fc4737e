/** Forms of lowered primitives that are refused, each with a function that has it. */
import { lax, numpy as np } from "@jax-js/jax";
import type { Primitive } from "../../../src/ort/jaxpr.js";
import { type Case, doubles, floats } from "./case.js";

export interface RefusedForm extends Pick<Case, "fn" | "args"> {
  readonly primitive: Primitive;
  readonly form: string;
  readonly message: RegExp;
}

export const refusedForms: readonly RefusedForm[] = [
  {
    primitive: "bitcast",
    form: "the bits of floats",
    fn: (x: np.Array) => lax.bitcastConvertType(x, np.int32),
    args: [floats([2])],
    message: /float32\[2\].*only integers/,
  },
  {
    primitive: "conv",
    form: "a convolution of float64",
    fn: (x: np.Array, y: np.Array) => lax.convGeneralDilated(x, y, [1, 1], "VALID"),
    args: [doubles([1, 1, 3, 3]), doubles([1, 1, 2, 2])],
    message: /float64\[1,1,3,3\]/,
  },
  {
    primitive: "cholesky",
    form: "a matrix of more than 64 rows",
    fn: (x: np.Array) => np.linalg.cholesky(x),
    args: [floats([65, 65])],
    message: /float32\[65,65\].*at most 64 by 64/,
  },
  {
    primitive: "triangular_solve",
    form: "a matrix of more than 64 rows",
    fn: (a: np.Array, b: np.Array) => lax.linalg.triangularSolve(a, b, { leftSide: true }),
    args: [floats([65, 65]), floats([65, 1])],
    message: /float32\[65,65\].*at most 64 by 64/,
  },
];
