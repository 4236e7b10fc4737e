import { numpy as np } from "@jax-js/jax";
import { booleans, type Case, doubles, exactly, floats, integers } from "./case.js";

type A = np.Array;

const reductions = {
  sum: (x: A, axis: number | number[]) => np.sum(x, axis),
  product: (x: A, axis: number | number[]) => np.prod(x, axis),
  maximum: (x: A, axis: number | number[]) => np.max(x, axis),
  minimum: (x: A, axis: number | number[]) => np.min(x, axis),
};

export const reduceCases: readonly Case[] = [
  ...Object.entries(reductions).flatMap(([name, reduce]) => [
    { name: `${name} over the first`, fn: (x: A) => reduce(x, 0), args: [floats([2, 3, 4])] },
    { name: `${name} over the outer two`, fn: (x: A) => reduce(x, [0, 2]), args: [floats([2, 3, 4])] },
    { name: `${name} over all`, fn: (x: A) => reduce(x, [0, 1, 2]), args: [floats([2, 3, 4])] },
    { name: `${name} of int32`, fn: (x: A) => reduce(x, 1), args: [integers([2, 3], -4, 4)] },
    { name: `${name} of float64`, fn: (x: A) => reduce(x, 1), args: [doubles([2, 3])] },
    {
      name: `${name} of a broadcast array`,
      fn: (x: A) => reduce(np.broadcastTo(x, [4, 3]), [0, 1]),
      args: [floats([3])],
    },
    {
      name: `${name} of a transposed array`,
      fn: (x: A) => reduce(x.transpose([2, 0, 1]), 1),
      args: [floats([2, 3, 4])],
    },
    { name: `${name} with NaN`, fn: (x: A) => reduce(x, 0), args: [exactly([1, NaN, 2])] },
    {
      name: `${name} over short axes before long rows`,
      fn: (x: A) => reduce(x, [1, 3]),
      args: [floats([2, 3, 2, 2, 20])],
    },
    {
      name: `${name} over pairs before long rows, NaN in either`,
      fn: (x: A) => reduce(x.reshape([2, 20]), 0),
      args: [exactly(Array.from({ length: 40 }, (_, i) => (i === 3 || i === 25 ? NaN : i / 40)))],
    },
  ]),
  { name: "sum of squares", fn: (x: A) => np.sum(np.square(x), 1), args: [floats([3, 50])] },
  {
    name: "sum of squares that is used elsewhere",
    fn: (x: A) => {
      const s = np.square(x);
      return [np.sum(s.ref), s];
    },
    args: [floats([3, 5])],
  },
  {
    name: "sum of squares by rows, then of all",
    fn: (x: A) => np.sum(np.sum(np.square(x).reshape([20, 30]), 1)),
    args: [floats([600])],
  },
  { name: "sum of magnitudes", fn: (x: A) => np.sum(np.abs(x)), args: [floats([300])] },
  {
    name: "sum of magnitudes that are used elsewhere",
    fn: (x: A) => {
      const magnitudes = np.abs(x);
      return [np.sum(magnitudes.ref), np.sum(magnitudes, 0)];
    },
    args: [exactly([1, -2, NaN, -Infinity])],
  },
  { name: "mean", fn: (x: A) => np.mean(x, 0), args: [floats([5, 3])] },
  { name: "any and all", fn: (x: A) => [np.any(x.ref, 0), np.all(x, 0)], args: [booleans([4, 5])] },
  { name: "sum of uint32", fn: (x: A) => np.sum(x), args: [integers([5], 0, 9, "uint32")] },
  { name: "sum of no elements", fn: (x: A) => np.sum(x, 0), args: [floats([0, 3])] },
  { name: "argmax", fn: (x: A) => np.argmax(x, 1), args: [floats([4, 6])] },
  {
    name: "sums of int32 that wrap",
    fn: (x: A) => [
      np.sum(x.ref),
      np.cumsum(x.ref),
      np.sum(np.square(x.ref)),
      np.sum(np.broadcastTo(x, [2, 3]), 0),
    ],
    args: [exactly([2147483647, 5, 70000], "int32")],
  },
  {
    name: "products of int32 that wrap",
    fn: (x: A) => [
      np.prod(x.ref),
      np.prod(x.ref.reshape([3, 2]), 0),
      np.prod(np.repeat(x.reshape([6, 1]), 5, 1), 1),
    ],
    args: [exactly([65536, 65537, 3, -7, 9, 70000], "int32")],
  },
  {
    name: "products of uint32 that wrap",
    fn: (x: A) => [
      np.prod(x.ref),
      np.prod(np.transpose(x.ref.reshape([3, 2])), 1),
      np.prod(np.broadcastTo(x, [3, 6]), 0),
    ],
    args: [exactly([3179373731, 4294967295, 3, 7, 9, 70000], "uint32")],
  },
  {
    name: "extremes of no elements",
    fn: (x: A, i: A, u: A, b: A) => [
      np.max(x.ref, 0),
      np.min(x, 0),
      np.max(i.ref, 0),
      np.min(i, 0),
      np.max(u, 0),
      np.any(b.ref, 0),
      np.all(b, 0),
    ],
    args: [floats([0, 2]), integers([0, 2], 0, 1), integers([0, 2], 0, 1, "uint32"), booleans([0, 2])],
  },
  {
    name: "over a broadcast axis of no elements",
    fn: (x: A) => [np.sum(np.broadcastTo(x.ref, [0, 2]), 0), np.max(np.broadcastTo(x, [0, 2]), 0)],
    args: [exactly([Infinity, 1])],
  },
];
