import { DType, numpy as np, random } from "@jax-js/jax";

/**
 * `count` different whole numbers below `size`, every set of them equally likely: an int32 array. Floyd's method, which
 * needs `count` draws and no shuffle, with every draw inside the graph.
 *
 * @param key Consumed.
 *
 * Source: Bentley, Floyd, "A sample of brilliance", Communications of the ACM 30, 1987.
 */
export function randomColumns(key: np.Array, count: number, size: number): np.Array {
  const words = random.bits(key, [count]).astype(DType.Float64);
  // Scaled in float64, so that the chances differ by less than size / 2^32.
  const bounds = np.arange(size - count + 1, size + 1).astype(DType.Float64);
  const perWord = np.array(2 ** -32, { dtype: DType.Float64 });
  const draws = np.floor(words.mul(bounds.mul(perWord))).astype(DType.Int32);
  let chosen = draws.ref.slice([0, 1]);
  for (let i = 1; i < count; i++) {
    const draw = draws.ref.slice([i, i + 1]);
    const taken = np.any(chosen.ref.equal(draw.ref));
    const last = np.array(size - count + i, { dtype: DType.Int32 });
    chosen = np.concatenate([chosen, np.where(taken, last, draw)]);
  }
  draws.dispose();
  return chosen;
}
