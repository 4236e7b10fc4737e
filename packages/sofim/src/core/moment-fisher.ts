import { Block, type StepSettings } from "./block.js";
import type { Fisher, FisherState } from "./fisher.js";
import type { FloatArray, FloatType } from "./kernels/index.js";

/** Mh Mh' + rho I, or a block of it for each of several stretches of weights. */
export class MomentFisher implements Fisher {
  readonly blocks: readonly Block[];
  readonly #moment: FloatArray;

  constructor(lengths: readonly number[], dtype: FloatType) {
    let size = 0;
    this.blocks = lengths.map((length) => {
      size += length;
      return new Block(size - length, size);
    });
    this.#moment = dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
  }

  measure(gradient: FloatArray, settings: StepSettings): boolean {
    for (const block of this.blocks) {
      if (!block.measure(this.#moment, gradient, settings)) return false;
    }
    return true;
  }

  clear(): void {
    for (const block of this.blocks) block.clear();
  }

  apply(weights: FloatArray, gradient: FloatArray, settings: StepSettings): void {
    for (const block of this.blocks) block.apply(weights, this.#moment, gradient, settings);
  }

  state(): FisherState {
    return { moment: this.#moment.slice() };
  }

  restore({ moment }: FisherState): void {
    this.#moment.set(moment);
  }
}
