import { InvalidArgumentError } from "sofim/core";

const MASK_64 = (1n << 64n) - 1n;

/** SplitMix64: spreads a small seed over a whole generator state. */
function* splitMix64(seed: bigint): Generator<bigint, never> {
  let state = seed & MASK_64;
  for (;;) {
    state = (state + 0x9e3779b97f4a7c15n) & MASK_64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    yield z ^ (z >> 31n);
  }
}

/**
 * A seeded stream of random numbers: xoshiro128**, seeded by SplitMix64.
 *
 * The period is 2^128 - 1. `uint32`, `uniform`, `below` and `shuffle` use integer arithmetic and exact
 * scaling alone, so a seed gives the same values on every machine; `normal` also calls `Math.log`.
 *
 * @param seed - an integer from 0 to 2^53 - 1
 * @throws InvalidArgumentError if the seed is not such an integer
 * @example
 * ```ts
 * import { Random } from "@sofim/lab";
 * const order = Uint32Array.from({ length: 5 }, (_, i) => i);
 * new Random(1).shuffle(order);
 * if ([...order].sort().join() !== "0,1,2,3,4") throw new Error("not a permutation");
 * ```
 *
 * Source: D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021;
 * G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
 */
export class Random {
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #s3 = 0;
  #spareNormal = Number.NaN;

  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new InvalidArgumentError("seed", seed, "an integer from 0 to 2^53 - 1");
    }
    const words = splitMix64(BigInt(seed));
    const low = words.next().value;
    const high = words.next().value;
    this.#setState(
      Number(low & 0xffffffffn),
      Number(low >> 32n),
      Number(high & 0xffffffffn),
      Number(high >> 32n),
    );
  }

  /** Starts a stream at a given state of four 32-bit words, not all zero. */
  static fromState(state: readonly [number, number, number, number]): Random {
    const words = state.map((word) => word >>> 0) as [number, number, number, number];
    if (words.every((word) => word === 0)) {
      throw new InvalidArgumentError("state", "four zeros", "at least one word that is not zero");
    }
    const random = new Random(0);
    random.#setState(...words);
    return random;
  }

  #setState(s0: number, s1: number, s2: number, s3: number): void {
    this.#s0 = s0 | 0;
    this.#s1 = s1 | 0;
    this.#s2 = s2 | 0;
    this.#s3 = s3 | 0;
  }

  /** The next integer, uniform over 0 to 2^32 - 1. */
  uint32(): number {
    const s1 = this.#s1;
    const scrambled = Math.imul(s1, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const s2 = this.#s2 ^ this.#s0;
    const s3 = this.#s3 ^ s1;
    this.#s1 = s1 ^ s2;
    this.#s0 ^= s3;
    this.#s2 = s2 ^ (s1 << 9);
    this.#s3 = (s3 << 11) | (s3 >>> 21);
    return result >>> 0;
  }

  /** The next double, uniform over [low, high), with 53 random bits. */
  uniform(low = 0, high = 1): number {
    const upper = this.uint32() >>> 5;
    const lower = this.uint32() >>> 6;
    return low + (high - low) * ((upper * 0x4000000 + lower) / 0x20000000000000);
  }

  /** The next integer, uniform over 0 to count - 1 (count from 1 to 2^32), without modulo bias. */
  below(count: number): number {
    const limit = 0x100000000 - (0x100000000 % count);
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % count;
  }

  /** The next standard normal deviate (Marsaglia's polar method). */
  normal(): number {
    if (!Number.isNaN(this.#spareNormal)) {
      const spare = this.#spareNormal;
      this.#spareNormal = Number.NaN;
      return spare;
    }
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const square = u * u + v * v;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        this.#spareNormal = v * factor;
        return u * factor;
      }
    }
  }

  /** Puts the elements into a uniformly random order, in place (Fisher-Yates). */
  shuffle(values: Uint32Array): void {
    for (let last = values.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const moved = values[last]!;
      values[last] = values[other]!;
      values[other] = moved;
    }
  }
}
