import {
  avgPool,
  getBackend,
  reshape,
  square,
  type Tensor,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";

/** Whether the backend's tensors lie in this process's memory, where reading a number waits for nothing. */
export function readsAtOnce(): boolean {
  const backend = getBackend();
  return backend === "cpu" || backend === "wasm";
}

/** Inner product of two lists of tensors, a'b, summed in float64. */
export function innerProduct(a: readonly Tensor[], b: readonly Tensor[]): number {
  return a.reduce((sum, tensor, i) => sum + dot(floats(tensor), floats(b[i]!)), 0);
}

/**
 * Sum of the squares of all elements, right to about 1e-6; NaN or Infinity only if an element is.
 *
 * @param tensors Float32 tensors.
 * @param yardstick The sum matters beside this number only: what is lost may be as large as 1e-8 of it.
 */
export function sumOfSquares(tensors: readonly Tensor[], yardstick: number): number {
  if (getBackend() === "wasm") {
    const size = tensors.reduce((sum, tensor) => sum + tensor.size, 0);
    const sum = tensors.reduce((total, tensor) => total + sumInWasm(tensor), 0);
    if (Number.isFinite(sum) && size * SMALLEST_NORMAL <= 1e-8 * Math.max(sum, yardstick)) return sum;
  }
  return innerProduct(tensors, tensors);
}

// Squares below this are lost in float32; those beyond its range make the sum infinite.
const SMALLEST_NORMAL = 2 ** -126;

// Copying so many numbers out of the wasm heap and adding them here is no slower than two kernels.
const SMALL = 1 << 14;

// The wasm backend's average pooling keeps one number per channel on a stack of 64 KiB.
const MOST_CHANNELS = 4096;

/**
 * The wasm backend's own sums add one number after the other, 4 times slower than its other kernels; a matrix product
 * would copy the matrix. Average pooling over rows adds whole rows at once, and short sums also round less.
 */
function sumInWasm(tensor: Tensor): number {
  const { size } = tensor;
  const channels = size > SMALL ? divisorNear(size, Math.min(Math.sqrt(size), 1024)) : 0;
  if (channels === 0) return innerProduct([tensor], [tensor]);
  const rows = size / channels;
  return tidy(() => {
    const squares: Tensor4D = reshape(square(tensor), [1, rows, 1, channels]);
    return rows * floats(avgPool(squares, [rows, 1], 1, "valid")).reduce((sum, x) => sum + x, 0);
  });
}

/** The divisor of `size` nearest above `least`, up to what pooling can take, or nearest below; 0 if both are far. */
function divisorNear(size: number, least: number): number {
  for (let n = Math.ceil(least); n <= MOST_CHANNELS; n++) if (size % n === 0) return n;
  for (let n = Math.ceil(least); n >= 64; n--) if (size % n === 0) return n;
  return 0;
}

function floats(tensor: Tensor): Float32Array {
  return tensor.dataSync<"float32">();
}

/** Four sums at a time keep the adder busy. */
function dot(a: Float32Array, b: Float32Array): number {
  const end = a.length - (a.length % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < end; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (let i = end; i < a.length; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}
