import { grad, numpy as np } from "@jax-js/jax";
import { booleans, type Case, exactly, floats, integers } from "./case.js";

type A = np.Array;

export const movementCases: readonly Case[] = [
  { name: "transpose", fn: (x: A) => x.transpose([2, 0, 1]), args: [floats([2, 3, 4])] },
  { name: "reshape that merges", fn: (x: A) => x.reshape([2, 12]), args: [floats([2, 3, 4])] },
  { name: "reshape that splits", fn: (x: A) => x.reshape([2, 3, 2, 2]), args: [floats([6, 4])] },
  { name: "reshape across groups", fn: (x: A) => x.reshape([8, 3]), args: [floats([2, 3, 4])] },
  {
    name: "reshape of a transposed array",
    fn: (x: A) => x.transpose([1, 0, 2]).reshape([3, 8]),
    args: [floats([2, 3, 4])],
  },
  {
    name: "reshape within a transposed array",
    fn: (x: A) => x.transpose([1, 0]).reshape([4, 3, 2]),
    args: [floats([6, 4])],
  },
  {
    name: "reshape of a broadcast array",
    fn: (x: A) => np.broadcastTo(x, [5, 2, 3]).reshape([10, 3]),
    args: [floats([2, 3])],
  },
  {
    name: "reshape of broadcast dimensions alone",
    fn: (x: A) => np.broadcastTo(x.reshape([1, 1, 3]), [4, 2, 3]).reshape([8, 3]),
    args: [floats([3])],
  },
  {
    name: "reshape adds and drops ones",
    fn: (x: A) => x.reshape([1, 2, 1, 3]).transpose([3, 2, 1, 0]).reshape([3, 2]),
    args: [floats([2, 3])],
  },
  { name: "reshape of no elements", fn: (x: A) => x.reshape([3, 0]), args: [floats([0, 2])] },
  { name: "reshape to a scalar", fn: (x: A) => x.reshape([]), args: [floats([1, 1])] },
  { name: "broadcast", fn: (x: A) => np.broadcastTo(x, [2, 3, 4]), args: [floats([3, 1])] },
  { name: "broadcast of bool", fn: (x: A) => np.broadcastTo(x, [2, 3]), args: [booleans([3])] },
  { name: "flip", fn: (x: A) => np.flip(x, [0, 2]), args: [floats([2, 3, 4])] },
  {
    name: "flip twice, transposed between",
    fn: (x: A) => np.flip(np.flip(x, [1]).transpose([1, 0]), [0, 1]),
    args: [floats([2, 3])],
  },
  { name: "flip, then reshape", fn: (x: A) => np.flip(x, [0]).reshape([6]), args: [floats([2, 3])] },
  { name: "flip, then sum", fn: (x: A) => np.sum(np.flip(x, [0, 1]), 0), args: [floats([2, 3])] },
  { name: "slice", fn: (x: A) => x.slice([1, 3], [0, 2]), args: [floats([4, 3])] },
  {
    name: "slice of a broadcast array",
    fn: (x: A) => np.broadcastTo(x, [5, 3]).slice([1, 3]),
    args: [floats([3])],
  },
  { name: "slice of a flipped array", fn: (x: A) => np.flip(x, [0]).slice([1, 3]), args: [floats([4, 3])] },
  {
    name: "pad",
    fn: (x: A) =>
      np.pad(x, [
        [1, 2],
        [0, 1],
      ]),
    args: [floats([2, 3])],
  },
  {
    name: "pad of a broadcast array",
    fn: (x: A) =>
      np.pad(np.broadcastTo(x, [2, 3]), [
        [1, 0],
        [0, 0],
      ]),
    args: [floats([3])],
  },
  {
    name: "concatenate",
    fn: (x: A, y: A) => np.concatenate([x, np.transpose(y)], 1),
    args: [floats([2, 3]), floats([4, 2])],
  },
  { name: "split", fn: (x: A) => np.split(x, [1, 3], 1), args: [floats([2, 4])] },
  { name: "gather rows", fn: (x: A, i: A) => np.take(x, i, 0), args: [floats([5, 3]), integers([4], 0, 4)] },
  {
    name: "gather columns by a matrix of indices",
    fn: (x: A, i: A) => np.take(x, i, 1),
    args: [floats([3, 5]), integers([2, 2], 0, 4)],
  },
  {
    name: "gather by two index arrays",
    fn: (x: A, i: A, j: A) => x.slice(i, j),
    args: [floats([4, 5, 2]), integers([3], 0, 3), integers([3], 0, 4)],
  },
  {
    name: "gather by broadcast index arrays",
    fn: (x: A, i: A, j: A) => x.slice(i, [], j),
    args: [floats([4, 2, 5]), integers([3, 1], 0, 3), integers([2], 0, 4)],
  },
  {
    name: "gradient of gathered rows",
    fn: (x: A, i: A) => grad((t: A) => np.sum(np.sin(np.take(t, i.ref, 0))))(x),
    args: [floats([5, 3]), integers([6], 0, 4)],
  },
  {
    name: "gradient of gathered columns",
    fn: (x: A, i: A) => grad((t: A) => np.sum(np.sin(np.take(t, i.ref, 1))))(x),
    args: [floats([3, 5]), integers([2, 2], 0, 4)],
  },
  {
    name: "gradient by two index arrays",
    fn: (x: A, i: A, j: A) => grad((t: A) => np.sum(np.sin(t.slice(i.ref, [], j.ref))))(x),
    args: [floats([4, 2, 5]), integers([3, 1], 0, 3), integers([2], 0, 4)],
  },
  { name: "sort", fn: (x: A) => np.sort(x), args: [floats([3, 7])] },
  { name: "sort of the first dimension", fn: (x: A) => np.sort(x, 0), args: [floats([7, 3])] },
  { name: "sort of int32 with ties", fn: (x: A) => np.sort(x), args: [integers([20], -3, 3)] },
  {
    name: "sort of NaN and infinities",
    fn: (x: A) => np.sort(x),
    args: [exactly([1, NaN, -Infinity, Infinity, -1])],
  },
  { name: "argsort with ties", fn: (x: A) => np.argsort(x), args: [integers([20], -3, 3)] },
  { name: "argsort of rows", fn: (x: A) => np.argsort(x), args: [floats([3, 7])] },
  {
    name: "the same output twice, and an input",
    fn: (x: A) => [x.ref, x.ref.add(1), x.ref, x.add(1)],
    args: [floats([3])],
  },
  { name: "a constant output", fn: (x: A) => [x, np.array(Float32Array.of(1, 2, 3))], args: [floats([2])] },
];
