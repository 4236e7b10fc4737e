import { DType, numpy as np, random } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { cast } from "./hyperparameter.js";

const WORD = 32;

/** The first random key of a seed, 0 to 2^32 - 1: two uint32, a state that passes through `jit`. */
export function keyFromSeed(seed: number): np.Array {
  return random.key(seed);
}

/** Returns `value` if it can seed a key; throws otherwise. */
export function checkSeed(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= 2 ** WORD) {
    throw new InvalidArgumentError("seed", value, "an integer from 0 to 2^32 - 1");
  }
  return value;
}

/** One key for the next step and one for now. Consumes `key`. */
export function nextKeys(key: np.Array): [next: np.Array, now: np.Array] {
  const keys = random.split(key, 2);
  return [keys.ref.slice(0), keys.slice(1)];
}

/**
 * Independent signs, -1 or 1 with equal chance, of the shapes and dtypes of the given arrays, which it borrows.
 *
 * All leaves share one stream of random words, and every one of a word's 32 bits is used: generating words is the
 * expensive part.
 */
export function rademacher(key: np.Array, like: readonly np.Array[]): np.Array[] {
  const total = like.reduce((sum, x) => sum + x.size, 0);
  if (total === 0) {
    key.dispose();
    return like.map((x) => np.zerosLike(x.ref, { dtype: x.dtype }));
  }
  const words = random.bits(key, [Math.ceil(total / WORD), 1]);
  const positions = np.arange(WORD).astype(DType.Uint32);
  const bits = np.bitwiseAnd(np.rightShift(words, positions), np.array(1, { dtype: DType.Uint32 }));
  const flat = bits.reshape([-1]).astype(DType.Float32).mul(2).sub(1);
  let start = 0;
  const signs = like.map((x) => {
    const end = start + x.size;
    const part = flat.ref.slice([start, end]).reshape([...x.shape]);
    start = end;
    return cast(part, x.dtype);
  });
  flat.dispose();
  return signs;
}
