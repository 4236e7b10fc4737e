import { grad, numpy as np } from "@jax-js/jax";
import { booleans, type Case, doubles, exactly, floats, integers } from "./case.js";

type A = np.Array;

export const dotCases: readonly Case[] = [
  { name: "matrix by matrix", fn: (x: A, y: A) => np.matmul(x, y), args: [floats([3, 4]), floats([4, 5])] },
  {
    name: "matrix by transposed matrix",
    fn: (x: A, y: A) => np.matmul(x, np.transpose(y)),
    args: [floats([3, 4]), floats([5, 4])],
  },
  {
    name: "transposed matrix by matrix",
    fn: (x: A, y: A) => np.matmul(np.transpose(x), y),
    args: [floats([4, 3]), floats([4, 5])],
  },
  {
    name: "both transposed",
    fn: (x: A, y: A) => np.matmul(np.transpose(x), np.transpose(y)),
    args: [floats([4, 3]), floats([5, 4])],
  },
  {
    name: "transposed product",
    fn: (x: A, y: A) => np.transpose(np.matmul(x, y)),
    args: [floats([3, 4]), floats([4, 5])],
  },
  { name: "matrix by vector", fn: (x: A, y: A) => np.matmul(x, y), args: [floats([3, 4]), floats([4])] },
  { name: "vector by vector", fn: (x: A, y: A) => np.dot(x, y), args: [floats([7]), floats([7], 0, 2)] },
  { name: "outer product", fn: (x: A, y: A) => np.outer(x, y), args: [floats([3]), floats([4])] },
  {
    name: "batched matrices",
    fn: (x: A, y: A) => np.matmul(x, y),
    args: [floats([2, 3, 4]), floats([2, 4, 5])],
  },
  {
    name: "batch of matrices by one",
    fn: (x: A, y: A) => np.matmul(x, y),
    args: [floats([2, 3, 4]), floats([4, 5])],
  },
  { name: "rows by rows", fn: (x: A, y: A) => np.vecdot(x, y), args: [floats([3, 4]), floats([3, 4], 0, 1)] },
  {
    name: "int32",
    fn: (x: A, y: A) => np.matmul(x, y),
    args: [integers([3, 4], -4, 4), integers([4, 2], -4, 4)],
  },
  {
    name: "float64",
    fn: (x: A, y: A) => np.matmul(x, y),
    args: [doubles([3, 4]), doubles([4, 2])],
    tolerance: 1e-12,
  },
  {
    name: "int32 by float32",
    fn: (x: A, y: A) => np.matmul(x, y),
    args: [integers([3, 4], -4, 4), floats([4, 2])],
  },
  { name: "bool", fn: (x: A, y: A) => np.matmul(x, y), args: [booleans([3, 4]), booleans([4, 2])] },
  {
    name: "tensordot over two dimensions",
    fn: (x: A, y: A) =>
      np.tensordot(x, y, [
        [1, 2],
        [1, 0],
      ]),
    args: [floats([2, 3, 4]), floats([4, 3, 5])],
  },
  {
    name: "tensordot of a flipped array",
    fn: (x: A, y: A) => np.matmul(np.flip(x, [1]), y),
    args: [floats([3, 4]), floats([4, 5])],
  },
  { name: "sum over a constant", fn: (x: A) => np.matmul(x, np.ones([4, 2])), args: [floats([3, 4])] },
  {
    name: "gradient of a dense layer",
    fn: (w: A, b: A, x: A) =>
      grad((p: { w: A; b: A }) => np.sum(np.square(np.dot(x, p.w).add(p.b))))({ w, b }),
    args: [floats([4, 5]), floats([5]), floats([3, 4])],
  },
  {
    name: "sum of products of int32 that wraps",
    fn: (x: A, y: A) => np.dot(x, y),
    args: [exactly([2147483647, 5, 3], "int32"), exactly([31, 17, 5], "int32")],
  },
  {
    name: "float64 product, scaled and added to",
    fn: (x: A, y: A) => {
      const third = np.reciprocal(np.array(3).astype(np.float64));
      return x.ref.add(np.dot(x, y).mul(third));
    },
    args: [doubles([3, 3]), doubles([3, 3])],
    tolerance: 1e-14, // a Gemm's own factors are float32
  },
];
