/** Whether a case gives the same on the engine as in jax-js. */
import { type JsTree, type numpy as np, tree } from "@jax-js/jax";
import { expect } from "vitest";
import { type Device, jit } from "../../src/ort/index.js";
import { type Case, type Sample, toArray } from "./cases/case.js";

/** Largest difference relative to the largest finite element; infinite if NaNs or infinities differ. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let scale = Number.MIN_VALUE;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Object.is(a, e) || a === e) {
      if (Number.isFinite(e)) scale = Math.max(scale, Math.abs(e));
    } else if (Number.isFinite(a) && Number.isFinite(e)) {
      difference = Math.max(difference, Math.abs(a - e));
      scale = Math.max(scale, Math.abs(e));
    } else return Infinity;
  }
  return difference === 0 ? 0 : difference / scale;
}

function evaluate(fn: (...args: np.Array[]) => unknown, args: readonly Sample[]): readonly np.Array[] {
  return tree.leaves(fn(...args.map(toArray)) as JsTree<np.Array>);
}

/** Shapes and types must be equal, and elements to `tolerance` of the largest one. */
export async function expectAgreement({ fn, args }: Case, device: Device, tolerance: number): Promise<void> {
  const expected = evaluate(fn, args);
  const compiled = jit(fn, { device, threads: 1 });
  const actual = tree.leaves(await compiled(...(args.map(toArray) as Parameters<typeof compiled>)));
  await compiled.dispose();
  expect(actual.length).toBe(expected.length);
  for (const [i, array] of expected.entries()) {
    const { shape, dtype } = array;
    expect({ shape: actual[i]!.shape, dtype: actual[i]!.dtype }).toEqual({ shape, dtype });
    expect(distance(await actual[i]!.data(), await array.data())).toBeLessThanOrEqual(tolerance);
  }
}
