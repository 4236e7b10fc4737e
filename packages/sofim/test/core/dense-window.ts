import { randomSigned } from "./helpers.js";

/** SOFIM with a window by its definition: the d x d matrix built and solved at every step, in float64. */
export class DenseWindow {
  readonly #window: Float64Array[] = [];
  #moment: Float64Array | undefined;
  #weight = 0;

  constructor(readonly options: { readonly window: number; readonly beta: number; readonly rho: number }) {}

  /** Takes in the next gradient. */
  push(gradient: ArrayLike<number>): void {
    const { window, beta } = this.options;
    const g = Float64Array.from(gradient);
    this.#moment = (this.#moment ?? new Float64Array(g.length)).map((m, i) => beta * m + (1 - beta) * g[i]!);
    this.#weight = beta * this.#weight + (1 - beta);
    this.#window.push(g);
    if (this.#window.length > window) this.#window.shift();
  }

  /** F^-1 Mh after the gradients so far. */
  solve(): Float64Array {
    const moment = this.#moment!;
    const size = moment.length;
    const lower = new Float64Array(size * size);
    for (const row of this.#window) {
      for (let i = 0; i < size; i++) {
        const factor = row[i]! / this.#window.length;
        for (let j = 0; j <= i; j++) lower[i * size + j]! += factor * row[j]!;
      }
    }
    for (let i = 0; i < size; i++) lower[i * (size + 1)]! += this.options.rho;
    return choleskySolve(
      lower,
      moment.map((m) => m / this.#weight),
    );
  }
}

/** Overwrites the lower triangle with its factor. */
function choleskySolve(lower: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j]!;
    }
    for (let k = 0; k < i; k++) x[i]! -= lower[i * n + k]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k * n + i]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  return x;
}

/** Sequences of gradients that are hard in one way each; `at(t)` gives those of step t, rounded to float32. */
export const gradientSequences: Readonly<
  Record<string, (size: number, seed: number) => (step: number) => Float32Array>
> = {
  random: (size, seed) => {
    const draw = drawer(size, seed);
    return () => draw(1);
  },
  "repeated for 10 steps each": (size, seed) => {
    const draw = drawer(size, seed);
    let current = draw(1);
    return (step) => {
      if (step % 10 === 9) current = draw(1);
      return current;
    };
  },
  "always the same": (size, seed) => {
    const gradient = drawer(size, seed)(1);
    return () => gradient;
  },
  "nearly the same": (size, seed) => {
    const draw = drawer(size, seed);
    const common = draw(1);
    return () => {
      const noise = draw(1e-4);
      return common.map((x, i) => x + noise[i]!);
    };
  },
  "with zeros between": (size, seed) => {
    const draw = drawer(size, seed);
    return (step) => draw(step % 3 === 1 || step < 2 ? 0 : 1);
  },
  "with one in seven huge": (size, seed) => {
    const draw = drawer(size, seed);
    return (step) => draw(step % 7 === 3 ? 1e3 : 1);
  },
};

/** All of them one after the other, each for 33 steps. */
export function mixedSequence(size: number, seed: number): (step: number) => Float32Array {
  const sequences = Object.values(gradientSequences).map((make, i) => make(size, seed + i));
  return (step) => sequences[Math.floor(step / 33) % sequences.length]!(step);
}

function drawer(size: number, seed: number): (scale: number) => Float32Array {
  const random = randomSigned(seed);
  return (scale) => Float32Array.from({ length: size }, () => scale * random());
}
