import { describe, expect, it } from "vitest";
import { PlainSgd, UnrolledAdam, UnrolledSgd } from "../../src/bench/plain-loops.js";

// Sizes around the loops' unrolling, so that the tail is covered too.
describe.each([1, 4, 7])("plain loops at %i weights", (size) => {
  const gradients = Array.from({ length: 3 }, (_, t) =>
    Float32Array.from({ length: size }, (_, i) => Math.sin(1 + t + 2 * i)),
  );

  it.each([PlainSgd, UnrolledSgd])("%o equals SGD's definition", (Sgd) => {
    const weights = new Float32Array(size).fill(1);
    const optimizer = new Sgd(size);
    for (const gradient of gradients) optimizer.step(weights, gradient);
    for (let i = 0; i < size; i++) {
      let [w, m] = [1, 0];
      for (const gradient of gradients) {
        m = 0.9 * m + gradient[i]!;
        w -= 0.01 * m;
      }
      expect(weights[i]).toBeCloseTo(w, 6);
    }
  });

  it("Adam equals its definition", () => {
    const weights = new Float32Array(size).fill(1);
    const optimizer = new UnrolledAdam(size);
    for (const gradient of gradients) optimizer.step(weights, gradient);
    for (let i = 0; i < size; i++) {
      let [w, m, v] = [1, 0, 0];
      for (const [t, gradient] of gradients.entries()) {
        const g = gradient[i]!;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        w -= (0.001 * (m / (1 - 0.9 ** (t + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8);
      }
      expect(weights[i]).toBeCloseTo(w, 6);
    }
  });
});
