/**
 * The rule of every primitive. The map is total: when jax-js gains a primitive, this file no longer compiles
 * until someone has written its rule or said why there is none.
 */
import type { Primitive } from "../jaxpr.js";
import { convRule } from "./conv.js";
import { dotRule } from "./dot.js";
import { elementwiseRules } from "./elementwise.js";
import { movementRules } from "./movement.js";
import { poolRule, poolTransposeRule } from "./pool.js";
import { reduceRule } from "./reduce.js";
import { type Rule, refuse } from "./rule.js";

export const rules: { readonly [P in Primitive]: Rule<P> } = {
  ...elementwiseRules,
  ...movementRules,
  reduce: reduceRule,
  dot: dotRule,
  conv: convRule,
  pool: poolRule,
  pool_transpose: poolTransposeRule,
  erfc: refuse("erfc", "ONNX has no complementary error function, and 1 - erf(x) loses its digits"),
  bit_shift: refuse("bit_shift", "not lowered yet"),
  bit_count: refuse("bit_count", "ONNX has no operator for it"),
  bitcast: refuse("bitcast", "ONNX has no operator for it"),
  random_bits: refuse("random_bits", "draw random numbers outside and pass them in as arguments"),
  scatter: refuse("scatter", "not lowered yet"),
  sort: refuse("sort", "not lowered yet"),
  argsort: refuse("argsort", "not lowered yet"),
  triangular_solve: refuse("triangular_solve", "ONNX has no operator for it"),
  cholesky: refuse("cholesky", "ONNX has no operator for it"),
  lu: refuse("lu", "ONNX has no operator for it"),
  jacobi_eigh: refuse("jacobi_eigh", "ONNX has no operator for it"),
  fft: refuse("fft", "not lowered yet"),
  jit: refuse("jit", "nested jit is flattened before lowering; this is an error in sofim"),
};
