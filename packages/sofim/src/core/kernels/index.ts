import * as float32 from "./float32.js";
import * as float64 from "./float64.js";

/** The element type of weights, gradient and moment. */
export type FloatType = "float32" | "float64";

/** Weights, gradients and moments are held in one of these. */
export type FloatArray = Float32Array | Float64Array;

/** The loops over one array class; the caller sees to it that all arrays are of that class. */
export interface Kernels {
  sumSquares(
    moment: FloatArray,
    gradient: FloatArray,
    start: number,
    end: number,
    forMoment: number,
    forGradient: number,
  ): number;
  addInnerProducts(
    moment: FloatArray,
    gradient: FloatArray,
    start: number,
    end: number,
    beta: number,
    scale: number,
    sums: Float64Array,
  ): void;
  maxAbs(moment: FloatArray, gradient: FloatArray, start: number, end: number): number;
  stepAlongMoment(
    weights: FloatArray,
    moment: FloatArray,
    gradient: FloatArray,
    start: number,
    end: number,
    beta: number,
    keep: number,
    scale: number,
    factor: number,
  ): void;
  stepAlongGradient(
    weights: FloatArray,
    moment: FloatArray,
    gradient: FloatArray,
    start: number,
    end: number,
    beta: number,
    keep: number,
    scale: number,
    factor: number,
    forGradient: number,
    forMoment: number,
  ): void;
}

/** The kernels and the array constructor of each element type. */
export const kernelsOf: Readonly<Record<FloatType, Kernels>> = { float32, float64 };
