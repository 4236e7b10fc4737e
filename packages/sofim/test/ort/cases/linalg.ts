import { grad, jvp, lax, numpy as np, vmap } from "@jax-js/jax";
import { type Case, doubles, floats, type Sample } from "./case.js";

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

/** Well-conditioned too; its pivots are not on the diagonal. */
function shuffled(x: A): A {
  const size = x.shape.at(-1)!;
  return triangular(x).add(np.flip(np.eye(size), [0]).astype(x.dtype).mul(3));
}

type System = { a: A; b: A };
const solved = ({ a, b }: System) => np.sum(np.square(np.linalg.solve(shuffled(a), b)));

/** Of rank 1; every step of its elimination is exact. */
const singular = [1, 2, 4, -2, -4, -8, 0, 0, 0];

function signs(shape: readonly number[]): Sample {
  const sample = floats(shape);
  return { ...sample, values: sample.values.map(Math.sign) };
}

const sides = [
  { leftSide: true, lower: true },
  { leftSide: true, lower: false },
  { leftSide: false, lower: true },
  { leftSide: true, lower: true, transposeA: true },
  { leftSide: true, lower: true, unitDiagonal: true },
];

export const linalgCases: readonly Case[] = [
  ...[1, 2, 7, 64, 80].map((size) => ({
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
  ...[64, 80].map((size) => ({
    name: `triangular solve, ${size} by ${size}`,
    fn: solve({ leftSide: true, lower: true }),
    args: [floats([size, size]), floats([size, 10])],
  })),
  {
    name: "triangular solve, 80 by 80, unit diagonal, of a batch",
    fn: solve({ leftSide: true, lower: false, unitDiagonal: true }),
    args: [floats([2, 80, 80], -0.1, 0.1), floats([2, 80, 3])],
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
  ...[
    [1, 1],
    [2, 2],
    [7, 7],
    [80, 80],
    [7, 4],
    [4, 7],
    [2, 3, 5, 4],
  ].map((shape) => ({ name: `LU factors, ${shape.join(" by ")}`, fn: lax.linalg.lu, args: [floats(shape)] })),
  { name: "LU factors of float64", fn: lax.linalg.lu, args: [doubles([5, 5])] },
  { name: "LU factors under vmap", fn: vmap((x: A) => lax.linalg.lu(x)), args: [floats([3, 4, 4])] },
  {
    name: "LU factors, pivots of one size",
    fn: lax.linalg.lu,
    args: [signs([3, 6, 6])],
  },
  {
    name: "LU factors of singular matrices",
    fn: lax.linalg.lu,
    args: [{ shape: [2, 3, 3], dtype: "float32", values: [...singular, 0, 3, 1, 0, 6, 2, 0, 1, 5] }],
  },
  {
    name: "singular system of equations",
    fn: (a: A) => [np.linalg.solve(a.ref, np.ones([3, 1])), np.linalg.det(a)],
    args: [{ shape: [3, 3], dtype: "float32", values: singular }],
  },
  { name: "LU factors, no rows", fn: lax.linalg.lu, args: [floats([2, 0, 3])] },
  {
    name: "LU factors, gradient",
    fn: (x: A) => grad((y: A) => np.sum(np.sin(lax.linalg.lu(shuffled(y))[0]!)))(x),
    args: [floats([5, 5])],
  },
  {
    name: "LU factors, derivative along a direction",
    fn: (x: A, v: A) => jvp((y: A) => lax.linalg.lu(y)[0]!, [shuffled(x)], [v]),
    args: [floats([4, 4]), floats([4, 4], -1, 1, 9)],
  },
  {
    name: "systems of equations",
    fn: (a: A, b: A) => np.linalg.solve(shuffled(a), b),
    args: [floats([2, 5, 5]), floats([2, 5, 3])],
  },
  {
    name: "system of equations, gradients",
    fn: (a: A, b: A) => grad(solved as (p: System) => A)({ a, b }),
    args: [floats([4, 4]), floats([4, 2])],
  },
  {
    name: "inverse and determinants",
    fn: (a: A) => [
      np.linalg.inv(shuffled(a.ref)),
      np.linalg.det(shuffled(a.ref)),
      np.linalg.slogdet(shuffled(a)),
    ],
    args: [floats([5, 5])],
  },
  {
    name: "determinant, gradient",
    fn: (a: A) => grad((x: A) => np.linalg.det(shuffled(x)))(a),
    args: [floats([4, 4])],
  },
  // Eigenvectors are compared with their order and signs; those of equal eigenvalues could be others.
  ...[1, 2, 7, 24].map((size) => ({
    name: `eigenvectors, ${size} by ${size}`,
    fn: (x: A) => np.linalg.eigh(x),
    args: [floats([size, size])],
  })),
  {
    name: "eigenvectors of float64",
    fn: (x: A) => np.linalg.eigh(x),
    args: [doubles([40, 40])],
    tolerance: 1e-7,
  },
  {
    name: "eigenvectors of a batch, done after different numbers of sweeps",
    fn: (x: A) => np.linalg.eigh(x.mul(np.array([0, 1e-3, 1]).reshape([3, 1, 1])).add(np.diag(np.arange(5)))),
    args: [floats([2, 3, 5, 5])],
  },
  {
    name: "eigenvectors of the lower triangle alone, unsorted",
    fn: (x: A) => lax.linalg.eigh(x, { symmetrizeInput: false, sortEigenvalues: false }),
    args: [floats([5, 5])],
  },
  {
    name: "eigenvectors of matrices with equal numbers on the diagonal",
    fn: (x: A) => np.linalg.eigh(x),
    args: [{ shape: [3, 3], dtype: "float32", values: [2, -1, 0, -1, 2, -1, 0, -1, 2] }],
  },
  { name: "eigenvectors under vmap", fn: vmap((x: A) => np.linalg.eigh(x)), args: [floats([3, 4, 4])] },
  {
    name: "loops in the sides of a selection",
    fn: (c: A, x: A) => np.where(c, np.linalg.inv(shuffled(x.ref)), lax.linalg.eigh(x)[0]),
    args: [{ shape: [], dtype: "bool", values: [1] }, floats([34, 34])],
  },
  {
    name: "singular values",
    fn: (x: A) => lax.linalg.svd(x),
    args: [doubles([5, 3])],
  },
  {
    name: "least squares by the normal equations",
    fn: (a: A, b: A) => np.linalg.lstsq(a, b),
    args: [floats([9, 4]), floats([9, 2])],
  },
];
