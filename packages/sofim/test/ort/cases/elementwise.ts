import { lax, nn, numpy as np, random } from "@jax-js/jax";
import { booleans, type Case, doubles, exactly, floats, integers } from "./case.js";

type A = np.Array;
const extremes = exactly([0, -0, 1, -1, 1e-30, 1e30, Infinity, -Infinity, NaN]);

const unary = {
  neg: (x: A) => np.negative(x),
  floor: (x: A) => np.floor(x),
  ceil: (x: A) => np.ceil(x),
  sin: (x: A) => np.sin(x),
  cos: (x: A) => np.cos(x),
  asin: (x: A) => np.arcsin(x),
  atan: (x: A) => np.arctan(x),
  exp: (x: A) => np.exp(x),
  erf: (x: A) => lax.erf(x),
  tanh: (x: A) => np.tanh(x),
  sigmoid: (x: A) => nn.sigmoid(x),
  relu: (x: A) => nn.relu(x),
  isfinite: (x: A) => np.isfinite(x),
  "stop gradient": (x: A) => lax.stopGradient(x),
};

const binary = {
  add: (x: A, y: A) => x.add(y),
  multiply: (x: A, y: A) => x.mul(y),
  minimum: (x: A, y: A) => np.minimum(x, y),
  maximum: (x: A, y: A) => np.maximum(x, y),
  less: (x: A, y: A) => np.less(x, y),
  "less or equal": (x: A, y: A) => np.lessEqual(x, y),
  equal: (x: A, y: A) => np.equal(x, y),
  "not equal": (x: A, y: A) => np.notEqual(x, y),
};

const numbers = [floats([3, 4]), integers([3, 4], -5, 5), integers([3, 4], 0, 9, "uint32"), doubles([3, 4])];

export const elementwiseCases: readonly Case[] = [
  ...Object.entries(unary).map(([name, fn]) => ({ name, fn, args: [floats([2, 3])] })),
  ...Object.entries(binary).flatMap(([name, fn]) => [
    ...numbers.map((x) => ({
      name: `${name}, ${x.dtype}`,
      fn,
      args: [x, { ...x, values: x.values.toReversed() }],
    })),
    { name: `${name}, broadcast`, fn, args: [floats([2, 1, 4]), floats([3, 1])] },
    {
      name: `${name}, extremes`,
      fn,
      args: [extremes, { ...extremes, values: extremes.values.toReversed() }],
    },
    { name: `${name} with a number`, fn: (x: A) => fn(x, np.array(0.25)), args: [floats([2, 3])] },
  ]),
  { name: "divide", fn: (x: A, y: A) => x.div(y), args: [floats([3, 4]), floats([4], 0.5, 2)] },
  {
    name: "divide, extremes",
    fn: (x: A, y: A) => x.div(y),
    args: [extremes, { ...extremes, values: extremes.values.toReversed() }],
  },
  { name: "log", fn: (x: A) => np.log(x), args: [floats([2, 3], 0.1, 5)] },
  { name: "sqrt", fn: (x: A) => np.sqrt(x), args: [floats([2, 3], 0, 5)] },
  { name: "reciprocal", fn: (x: A) => np.reciprocal(x), args: [floats([2, 3], 0.5, 5)] },
  { name: "power", fn: (x: A, y: A) => np.power(x, y), args: [floats([5], 0.1, 3), floats([5])] },
  { name: "is NaN", fn: (x: A) => np.isnan(x), args: [extremes] },
  { name: "maximum with 0 keeps NaN", fn: (x: A) => np.maximum(x, 0), args: [extremes] },
  {
    name: "subtraction of uint32 wraps",
    fn: (x: A, y: A) => x.sub(y),
    args: [integers([4], 0, 3, "uint32"), integers([4], 4, 9, "uint32")],
  },
  {
    name: "truncated division, int32",
    fn: (x: A, y: A) => np.floorDivide(x, y),
    args: [integers([9], -9, 9), integers([9], 1, 4)],
  },
  { name: "truncated division, float32", fn: (x: A) => np.trunc(x), args: [floats([9], -4, 4)] },
  {
    name: "remainder, int32",
    fn: (x: A, y: A) => np.fmod(x, y),
    args: [integers([9], -9, 9), integers([9], 1, 4)],
  },
  {
    name: "remainder, float32",
    fn: (x: A, y: A) => np.fmod(x, y),
    args: [floats([9], -9, 9), floats([9], 1, 4)],
  },
  {
    name: "and, or, xor of bool",
    fn: (x: A, y: A) => [np.logicalAnd(x.ref, y.ref), np.logicalOr(x.ref, y.ref), np.logicalXor(x, y)],
    args: [booleans([8]), { ...booleans([8]), values: [0, 1, 0, 1, 0, 1, 0, 1] }],
  },
  {
    name: "bit and, or, xor of int32",
    fn: (x: A, y: A) => [np.bitwiseAnd(x.ref, y.ref), np.bitwiseOr(x.ref, y.ref), np.bitwiseXor(x, y)],
    args: [integers([8], -99, 99), integers([8], 0, 7)],
  },
  { name: "cast float32 to int32", fn: (x: A) => x.astype(np.int32), args: [floats([8], -9, 9)] },
  ...(["int32", "uint32"] as const).map((dtype) => ({
    name: `cast to ${dtype} of numbers out of its range`,
    fn: (x: A) => x.astype(np[dtype]),
    args: [exactly([NaN, Infinity, -Infinity, 3e9, -3e9, 5e9, 2.9, -2.9])],
    tolerance: 0,
  })),
  ...(["int32", "uint32"] as const).map((dtype) => ({
    name: `cast float64 to ${dtype}`,
    fn: (x: A) => x.astype(np[dtype]),
    args: [{ ...exactly([3e9, -3e9, 5e9, 2.9, -1.5]), dtype: "float64" as const }],
    tolerance: 0,
  })),
  { name: "cast int32 to float32", fn: (x: A) => x.astype(np.float32), args: [integers([8], -9, 9)] },
  { name: "cast bool to float32", fn: (x: A) => x.astype(np.float32), args: [booleans([8])] },
  { name: "cast float32 to bool", fn: (x: A) => x.astype(np.bool), args: [exactly([0, 1, -2, 0.5, NaN])] },
  { name: "cast float32 to float64", fn: (x: A) => x.astype(np.float64), args: [floats([8])] },
  ...Object.entries({ asin: np.arcsin, atan: np.arctan, erf: lax.erf }).map(([name, fn]) => ({
    name: `${name}, float64`,
    fn: (x: A) => fn(x),
    args: [doubles([2, 3])],
  })),
  { name: "round int32", fn: (x: A) => np.round(x), args: [integers([6], -9, 9)] },
  // jax-js's own erfc is good to 1e-7 absolute only; a test of its own holds ours against exact values.
  { name: "erfc", fn: (x: A) => lax.erfc(x), args: [floats([50], -4, 9)] },
  { name: "gelu", fn: (x: A) => nn.gelu(x, { approximate: false }), args: [floats([9], -3, 3)] },
  ...(["int32", "uint32"] as const).flatMap((dtype) => [
    {
      name: `shift of ${dtype}`,
      fn: (x: A, y: A) => [np.leftShift(x.ref, y.ref), np.rightShift(x, y)],
      args: [integers([9], dtype === "int32" ? -99 : 0, 99, dtype), integers([9], 0, 31, dtype)],
    },
    {
      name: `shift of ${dtype} by more bits than it has`,
      fn: (x: A, y: A) => [np.leftShift(x.ref, y.ref), np.rightShift(x, y)],
      args: [integers([4], 1, 9, dtype), exactly([31, 32, 33, -1], "int32")],
    },
    {
      name: `bitwise complement of ${dtype}`,
      fn: (x: A) => np.bitwiseInvert(x),
      args: [integers([4], 1, 9, dtype)],
    },
    {
      name: `bit count of ${dtype}`,
      fn: (x: A) => np.bitwiseCount(x),
      args: [integers([9], dtype === "int32" ? -99 : 0, 2 ** 30, dtype)],
    },
  ]),
  {
    name: "bits as float32",
    fn: (x: A) => lax.bitcastConvertType(x, np.float32),
    args: [
      exactly(
        [
          0, 0x80000000, 1, 0x807fffff, 0x00800000, 0x3f800000, 0xc0490fdb, 0x7f7fffff, 0x7f800000,
          0xff800000,
        ],
        "uint32",
      ),
    ],
    tolerance: 0,
  },
  {
    name: "bits of NaN as float32",
    fn: (x: A) => lax.bitcastConvertType(x, np.float32),
    args: [exactly([0x7fc00000, 0xff800001], "uint32")],
  },
  ...(["int32", "uint32"] as const).map((dtype) => ({
    name: `bits of float32 as ${dtype}`,
    fn: (x: A) => lax.bitcastConvertType(x, np[dtype]),
    args: [
      exactly([
        ...extremes.values,
        ...[Math.PI, -Math.PI, 2 ** -126, 2 ** -126 - 2 ** -149, -(2 ** -149), 3.4028234663852886e38],
        ...Array.from({ length: 277 }, (_, i) => 2 ** (i - 149)),
        ...Array.from({ length: 254 }, (_, i) => 2 ** (i - 126) * (2 - 2 ** -23)),
      ]),
    ],
    tolerance: 0,
  })),
  {
    name: "int32 as uint32",
    fn: (x: A) => lax.bitcastConvertType(x, np.uint32),
    args: [exactly([0, -1, 5, -(2 ** 31)], "int32")],
    tolerance: 0,
  },
  {
    name: "random bits",
    fn: (seed: A) => random.bits(random.key(seed), [3, 5]),
    args: [{ shape: [], dtype: "uint32", values: [1234] }],
    tolerance: 0,
  },
  {
    name: "uniform and normal numbers, split keys",
    fn: (seed: A) => {
      const [first, second] = random.split(random.key(seed), 2);
      return [random.uniform(first!, [7]), random.normal(second!, [7])];
    },
    args: [{ shape: [], dtype: "uint32", values: [7] }],
  },
  {
    name: "Fourier transform and its inverse",
    fn: (real: A, imag: A) => np.fft.ifft(np.fft.fft({ real, imag })),
    args: [floats([2, 12]), floats([2, 12], 0, 1)],
  },
  {
    name: "Fourier transform",
    fn: (real: A, imag: A) => np.fft.fft({ real, imag }),
    args: [floats([2, 10]), floats([2, 10], 0, 1)],
  },
  {
    name: "where",
    fn: (c: A, x: A, y: A) => np.where(c, x, y),
    args: [booleans([3, 4]), floats([3, 4]), floats([4])],
  },
  {
    name: "where by one number, enough to branch",
    fn: (c: A, x: A) => [
      np.where(c.ref, np.floor(x.ref), x.ref.mul(2)),
      np.where(np.logicalNot(c), np.floor(x.ref), x.mul(2)),
    ],
    args: [{ shape: [], dtype: "bool", values: [1] }, floats([40, 50])],
  },
  {
    name: "where hides NaN",
    fn: (c: A, x: A) => np.where(c, 0, x),
    args: [exactly([1, 0, 1], "bool"), exactly([NaN, 2, Infinity])],
  },
  {
    name: "where of 0 and 1",
    fn: (c: A) => [np.where(c.ref, 0, 1), np.where(c, 1, 0)],
    args: [booleans([5])],
  },
  {
    name: "where of bool",
    fn: (c: A, x: A, y: A) => np.where(c, x, y),
    args: [booleans([6]), booleans([6]), exactly([0, 0, 0, 1, 1, 1], "bool")],
  },
  {
    name: "operands of different layouts",
    fn: (x: A, y: A) => x.transpose([2, 0, 1]).add(y),
    args: [floats([3, 4, 2]), floats([2, 3, 4])],
  },
  {
    name: "transposed times transposed",
    fn: (x: A, y: A) => np.transpose(np.transpose(x).mul(np.transpose(y))),
    args: [floats([3, 4]), floats([3, 4], 0, 1)],
  },
  { name: "scalars", fn: (x: A, y: A) => x.mul(y).add(1), args: [floats([]), floats([], 2, 3)] },
  { name: "no elements", fn: (x: A, y: A) => x.mul(y), args: [floats([0, 3]), floats([3])] },
  {
    name: "extremes of uint32 in the upper half",
    fn: (x: A, y: A) => [np.minimum(x.ref, y.ref), np.maximum(x.ref, y), np.clip(x, 1, 5)],
    args: [exactly([4294967294, 0, 2147483648], "uint32"), exactly([3, 3, 4294967295], "uint32")],
  },
  {
    name: "integers and floats out of their range",
    fn: (x: A) => [
      np.clip(x.ref, 0, Infinity),
      np.minimum(x.ref, Infinity),
      np.where(np.less(x.ref, 2), Infinity, x.ref),
      x.add(2147483647),
    ],
    args: [exactly([3, -1], "int32")],
  },
  {
    name: "uint32 and floats out of its range",
    fn: (x: A) => [x.ref.add(1e10), x.add(4294967295)],
    args: [exactly([1, 3], "uint32")],
  },
];
