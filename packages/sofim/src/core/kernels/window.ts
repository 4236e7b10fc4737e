import type { FloatArray, FloatType } from "./index.js";
import * as float32 from "./window-float32.js";
import * as float64 from "./window-float64.js";

/** The loops of a window of gradients over one array class; `wide` and `step` are float64 for every class. */
export interface WindowKernels {
  innerProduct(
    x: FloatArray,
    y: FloatArray,
    start: number,
    end: number,
    xScale: number,
    yScale: number,
  ): number;
  decayInto(wide: Float64Array, x: FloatArray, start: number, end: number, beta: number, share: number): void;
  innerProductWide(x: FloatArray, wide: Float64Array, start: number, end: number, scale: number): number;
  addScaled(step: Float64Array, x: FloatArray, start: number, end: number, factor: number): void;
  descend(
    weights: FloatArray,
    step: Float64Array,
    start: number,
    end: number,
    keep: number,
    learningRate: number,
  ): void;
}

/** The window's kernels for each element type. */
export const windowKernelsOf: Readonly<Record<FloatType, WindowKernels>> = { float32, float64 };
