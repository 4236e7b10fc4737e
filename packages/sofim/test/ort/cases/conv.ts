import { grad, jvp, lax, numpy as np, vmap } from "@jax-js/jax";
import { booleans, type Case, doubles, floats, integers, type Sample } from "./case.js";

type A = np.Array;
type Padding = Parameters<typeof lax.convGeneralDilated>[3];

interface Form {
  readonly name: string;
  readonly stride?: number;
  readonly padding?: Padding;
  readonly dilation?: number;
  readonly inputDilation?: number;
  readonly dtype?: "float32" | "float64";
  readonly images?: readonly number[];
  readonly kernels?: readonly number[];
}

const forms: readonly Form[] = [
  { name: "plain" },
  { name: "same padding", padding: "SAME" },
  {
    name: "uneven padding",
    padding: [
      [2, 1],
      [0, 1],
    ],
  },
  {
    name: "negative padding",
    padding: [
      [-1, 0],
      [0, -1],
    ],
  },
  { name: "dilated kernel", dilation: 2 },
  { name: "one by one", kernels: [4, 3, 1, 1] },
  {
    name: "one by one, padded",
    kernels: [4, 3, 1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  { name: "tall kernel", kernels: [4, 3, 3, 1] },
  { name: "one image, one channel", images: [1, 1, 7, 8], kernels: [1, 1, 3, 3] },
  { name: "one dimension", images: [2, 3, 9], kernels: [4, 3, 3], padding: [[1, 1]] },
  { name: "one dimension, wide", images: [2, 16, 9], kernels: [17, 16, 3], padding: [[1, 1]] },
  { name: "kernel as large as the image", kernels: [4, 3, 7, 8] },
];

const strided: readonly Form[] = [
  { name: "stride 2", stride: 2 },
  {
    name: "stride 2, padded",
    stride: 2,
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  { name: "stride 2, rows left over", stride: 2, images: [2, 3, 8, 9] },
];

/** As many channels as have forms of their own in the lowering, among them those of the gradients. */
const wideForms: readonly Form[] = [
  { name: "wide" },
  { name: "wide, padded", padding: "SAME" },
  { name: "wide, dilated kernel", dilation: 2 },
  { name: "wide, stride 2", stride: 2, padding: "SAME" },
  {
    name: "wide, negative padding",
    padding: [
      [-1, 2],
      [0, -1],
    ],
  },
];
const wide = wideForms.map((form): Form => ({ ...form, images: [3, 16, 6, 7], kernels: [18, 16, 3, 3] }));

/** What ONNX Runtime's own convolutions leave out. */
const dilatedAndStrided: Form = {
  name: "dilated input and stride",
  stride: 2,
  inputDilation: 3,
  padding: [
    [1, 2],
    [-1, 0],
  ],
};
const gathered: readonly Form[] = [
  dilatedAndStrided,
  ...[...forms, ...strided, dilatedAndStrided].map(
    (form): Form => ({ ...form, name: `float64, ${form.name}`, dtype: "float64" }),
  ),
];

function convolution({
  stride = 1,
  padding = "VALID",
  dilation = 1,
  inputDilation = 1,
  images = [2, 3, 7, 8],
}: Form) {
  const spatial = images.length - 2;
  return (x: A, w: A) =>
    lax.convGeneralDilated(x, w, Array(spatial).fill(stride), padding, {
      lhsDilation: Array(spatial).fill(inputDilation),
      rhsDilation: Array(spatial).fill(dilation),
    });
}

/** Value, both gradients, and the derivative of both gradients along a direction (a Hessian product). */
function casesOf(form: Form): Case[] {
  const conv = convolution(form);
  const samples = [floats(form.images ?? [2, 3, 7, 8]), floats(form.kernels ?? [4, 3, 3, 3], -1, 1, 9)];
  const args = samples.map((sample): Sample => ({ ...sample, dtype: form.dtype ?? "float32" }));
  const loss = (p: { x: A; w: A }) => np.sum(np.sin(conv(p.x, p.w)));
  const gradient = grad(loss) as (p: { x: A; w: A }) => { x: A; w: A };
  return [
    { name: form.name, fn: conv, args },
    { name: `${form.name}, gradients`, fn: (x: A, w: A) => gradient({ x, w }), args },
    {
      name: `${form.name}, Hessian product`,
      fn: (x: A, w: A) => jvp(gradient, [{ x: x.ref, w: w.ref }], [{ x, w }]),
      args,
    },
  ];
}

/** Convolutions with a batch dimension of their own become groups. */
const vmapped = vmap((x: A, w: A) => lax.convGeneralDilated(x, w, [1, 1], "SAME"));
const vmappedLoss = grad((p: { x: A; w: A }) => np.sum(np.sin(vmapped(p.x, p.w)))) as (p: { x: A; w: A }) => {
  x: A;
  w: A;
};
const batches = [floats([2, 3, 4, 5, 6]), floats([2, 5, 4, 3, 3])];

const small = [1, 3, 4, 5];
const others = [
  [integers(small, -5, 5), integers(small, -5, 5)],
  [integers(small, 0, 2 ** 31, "uint32"), integers(small, 0, 9, "uint32")],
  [booleans(small), booleans(small)],
  [integers(small, -5, 5), floats(small)],
  [floats(small), doubles(small)],
] as const;

export const convCases: readonly Case[] = [
  ...[...forms, ...strided, ...wide, ...gathered].flatMap(casesOf),
  { name: "under vmap", fn: vmapped, args: batches },
  { name: "under vmap, gradients", fn: (x: A, w: A) => vmappedLoss({ x, w }), args: batches },
  {
    name: "float64, under vmap, gradients",
    fn: (x: A, w: A) => vmappedLoss({ x, w }),
    args: [doubles([2, 3, 4, 5, 6]), doubles([2, 5, 4, 3, 3])],
  },
  ...others.map(([x, w]) => ({
    name: `convolution of ${x.dtype} by ${w.dtype}`,
    fn: (images: A, kernels: A) => lax.convGeneralDilated(images, kernels, [2, 1], "SAME"),
    args: [x, w],
  })),
  {
    name: "no spatial dimensions",
    fn: (x: A, w: A) => lax.convGeneralDilated(x, w, [], []),
    args: [floats([2, 3]), floats([4, 3])],
  },
  {
    name: "in groups of channels",
    fn: (x: A, w: A) => lax.convGeneralDilated(x, w, [1, 1], "SAME", { featureGroupCount: 2 }),
    args: [floats([2, 4, 5, 6]), floats([6, 2, 3, 3])],
  },
  {
    name: "depthwise, gradient",
    fn: (x: A, w: A) =>
      grad((k: A) =>
        np.sum(np.sin(lax.convGeneralDilated(x.ref, k, [1, 1], "SAME", { featureGroupCount: 3 }))),
      )(w),
    args: [floats([2, 3, 5, 6]), floats([3, 1, 3, 3])],
  },
  {
    name: "transposed",
    fn: (x: A, w: A) => lax.convTranspose(x, w, [2, 2], "VALID"),
    args: [floats([2, 3, 4, 5]), floats([4, 3, 3, 3])],
  },
];
