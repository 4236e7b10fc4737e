import { grad, jvp, lax, numpy as np, vmap } from "@jax-js/jax";
import { type Case, doubles, floats } from "./case.js";

type A = np.Array;

/** Symmetric, with eigenvalues of at least 1: the factors of ill-conditioned matrices lose the digits compared. */
function positive(x: A): A {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const square = np.matmul(x.ref, np.matrixTranspose(x));
  return square.div(columns).add(np.eye(rows).astype(square.dtype));
}

const cholesky = (x: A) => np.linalg.cholesky(positive(x));

/** Diagonal elements of 1 to 2, so that solving does not amplify rounding. */
function triangular(x: A): A {
  const size = x.shape.at(-1)!;
  return x.ref.div(size).add(np.eye(size).astype(x.dtype));
}

const solve =
  (options: { leftSide?: boolean; lower?: boolean; transposeA?: boolean; unitDiagonal?: boolean }) =>
  (a: A, b: A) =>
    lax.linalg.triangularSolve(triangular(a), b, options);

const sides = [
  { leftSide: true, lower: true },
  { leftSide: true, lower: false },
  { leftSide: false, lower: true },
  { leftSide: true, lower: true, transposeA: true },
  { leftSide: true, lower: true, unitDiagonal: true },
];

export const linalgCases: readonly Case[] = [
  ...[1, 2, 7, 64].map((size) => ({
    name: `Cholesky factor, ${size} by ${size}`,
    fn: cholesky,
    args: [floats([size, size])],
  })),
  { name: "Cholesky factors of a batch", fn: cholesky, args: [floats([2, 3, 4, 5])] },
  { name: "Cholesky factor of float64", fn: cholesky, args: [doubles([5, 5])] },
  {
    name: "Cholesky factor of the lower triangle alone",
    fn: (x: A) => np.linalg.cholesky(np.tril(positive(x)), { symmetrizeInput: false }),
    args: [floats([5, 5])],
  },
  {
    name: "Cholesky factor, upper",
    fn: (x: A) => np.linalg.cholesky(positive(x), { upper: true }),
    args: [floats([5, 5])],
  },
  {
    name: "Cholesky factor of an indefinite matrix",
    fn: (x: A) => np.linalg.cholesky(positive(x).sub(np.eye(4).mul(5))),
    args: [floats([4, 4])],
  },
  { name: "Cholesky factor under vmap", fn: vmap(cholesky), args: [floats([3, 4, 4])] },
  {
    name: "Cholesky factor, gradient",
    fn: (x: A) => grad((y: A) => np.sum(np.square(cholesky(y.ref))).add(np.sum(np.exp(cholesky(y)))))(x),
    args: [floats([4, 4])],
  },
  {
    name: "Cholesky factor, derivative along a direction",
    fn: (x: A, v: A) => jvp(cholesky, [x], [v]),
    args: [floats([4, 4]), floats([4, 4], -1, 1, 9)],
  },
  ...sides.map((options) => ({
    name: `triangular solve, ${JSON.stringify(options).replaceAll('"', "")}`,
    fn: solve(options),
    args: [floats([5, 5]), floats(options.leftSide ? [5, 3] : [3, 5])],
  })),
  {
    name: "triangular solve, 64 by 64",
    fn: solve({ leftSide: true, lower: true }),
    args: [floats([64, 64]), floats([64, 10])],
  },
  {
    name: "triangular solve, one equation",
    fn: solve({ leftSide: true }),
    args: [floats([1, 1]), floats([1, 2])],
  },
  {
    name: "triangular solve of a batch",
    fn: solve({ leftSide: true, lower: true }),
    args: [floats([2, 3, 4, 4]), floats([2, 3, 4, 2])],
  },
  {
    name: "triangular solve of float64",
    fn: solve({ leftSide: true, lower: true }),
    args: [doubles([4, 4]), doubles([4, 2])],
  },
  {
    name: "triangular solve, gradients",
    fn: (a: A, b: A) =>
      grad((p: { a: A; b: A }) => np.sum(np.square(solve({ leftSide: true, lower: true })(p.a, p.b))))({
        a,
        b,
      }),
    args: [floats([4, 4]), floats([4, 2])],
  },
  {
    name: "least squares by the normal equations",
    fn: (a: A, b: A) => np.linalg.lstsq(a, b),
    args: [floats([9, 4]), floats([9, 2])],
  },
];
